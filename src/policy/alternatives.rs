//! What a path pattern that decides about removal must not be, whichever alternative of its braces is taken.

use super::problem::quote;

/// More alternatives than anyone writes.
const MOST: usize = 1_000;

/// Checks a pattern that is valid as a glob.
///
/// # Errors
/// A sentence that says what is wrong: a control character, white space at an end, an alternative that is absolute,
/// leaves the workspace or is empty, or a name in brackets.
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err(format!(
            "{} has a control character: expected a pattern on one line",
            quote(&text.escape_debug().to_string())
        ));
    }
    if text.trim() != text {
        return Err(format!(
            "{} has white space at an end: expected {}, or `[ ]` for a space that belongs to a name",
            quote(text),
            quote(text.trim())
        ));
    }
    for one in expand(text)? {
        check_one(&one).map_err(|why| {
            if one == text {
                format!("{} {why}", quote(text))
            } else {
                format!("{} stands for {}, which {why}", quote(text), quote(&one))
            }
        })?;
    }
    Ok(())
}

fn check_one(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is empty".into());
    }
    if text.starts_with('/') {
        return Err("is absolute: patterns are relative to the workspace".into());
    }
    for part in text.strip_suffix('/').unwrap_or(text).split('/') {
        let unescaped = part.replace('\\', "");
        if unescaped == ".." || unescaped == "." {
            return Err("has a `.` or `..` component: patterns never leave the workspace".into());
        }
        if part.is_empty() {
            return Err("has an empty component, which no path has".into());
        }
        if let Some(name) = bracketed_name(part) {
            return Err(format!(
                "has {}, which matches one character and not that name: expected `[[]{name}]` for the name, or `{{..}}` for alternatives",
                quote(part)
            ));
        }
    }
    Ok(())
}

/// A whole component like `[slug]`: as directories of some frameworks are called, and hardly ever meant as a set.
fn bracketed_name(part: &str) -> Option<&str> {
    let name = part.strip_prefix('[')?.strip_suffix(']')?;
    let is_name = name.len() >= 3
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.');
    is_name.then_some(name)
}

/// All texts without braces that a pattern stands for.
fn expand(text: &str) -> Result<Vec<String>, String> {
    let mut done = Vec::new();
    let mut open = vec![text.to_owned()];
    while let Some(one) = open.pop() {
        match first_braces(&one) {
            None => done.push(one),
            Some((start, commas, end)) => {
                let mut from = start + 1;
                for to in commas.into_iter().chain([end]) {
                    open.push([&one[..start], &one[from..to], &one[end + 1..]].concat());
                    from = to + 1;
                }
            }
        }
        if done.len() + open.len() > MOST {
            return Err(format!(
                "{} stands for more than {MOST} alternatives: expected fewer braces",
                quote(text)
            ));
        }
    }
    Ok(done)
}

/// Where the first braces begin, where their own commas are, and where they end.
fn first_braces(text: &str) -> Option<(usize, Vec<usize>, usize)> {
    let (mut start, mut depth, mut commas) = (None, 0_usize, Vec::new());
    let mut places = text.char_indices().peekable();
    while let Some((at, character)) = places.next() {
        match (character, start) {
            ('\\', _) => {
                places.next();
            }
            ('[', _) => skip_class(&mut places),
            ('{', None) => start = Some(at),
            ('{', Some(_)) => depth += 1,
            (',', Some(_)) if depth == 0 => commas.push(at),
            ('}', Some(start)) if depth == 0 => return Some((start, commas, at)),
            ('}', Some(_)) => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Skips the rest of a set of characters, in which braces and commas are characters like others.
fn skip_class(places: &mut std::iter::Peekable<std::str::CharIndices<'_>>) {
    places.next_if(|(_, character)| matches!(character, '!' | '^'));
    // A closing bracket right at the start belongs to the set.
    places.next();
    for (_, character) in places {
        if character == ']' {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alternative_that_leaves_the_workspace_is_found_wherever_it_hides() {
        for refused in [
            "{a,/b}",
            "{a,b/../..}",
            "a/{b,..}/c",
            "{{x,/y},z}",
            "{.,a}./x",
            "{..,a}/x",
            "x/{,a}/y",
            "{a,}",
            "\\.\\./x",
            "a//b",
            "build ",
            " build",
            "build\n",
            "a\0b",
            "app/[moduleId]/",
            "[slug]",
            "[...slug]/x",
            "{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
        ] {
            assert!(check(refused).is_err(), "{refused:?}");
        }
        for fine in [
            "*",
            "**",
            "**/",
            "{a,b}/",
            "{a,{b,c/d}}/**",
            "[{,/]x",
            "a\\{,/b",
            "-rf",
            "--",
            "..x",
            "*.py[cod]",
            "[Bb]in/",
            "[[]moduleId]/",
            "[a-z]",
            "a b",
            "[]{,/]",
            "[!{,/]",
        ] {
            assert_eq!(check(fine), Ok(()), "{fine:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_the_alternative() {
        assert_eq!(
            check("{a,/b}").unwrap_err(),
            "`{a,/b}` stands for `/b`, which is absolute: patterns are relative to the workspace"
        );
        assert_eq!(
            check("app/[slug]/").unwrap_err(),
            "`app/[slug]/` has `[slug]`, which matches one character and not that name: expected `[[]slug]` for the name, or `{..}` for alternatives"
        );
    }
}
