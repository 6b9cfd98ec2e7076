//! Who has to agree when the gate itself is changed.

use super::{Advice, Examination, File, Weight, ends_with_any, is_policy};
use ignore::gitignore::GitignoreBuilder;

pub(super) fn examine(files: &[File], examination: &mut Examination) {
    if examination.gates.is_empty() {
        return;
    }
    // The first that exists counts; the others are ignored by the systems, too.
    let owners = files
        .iter()
        .find(|file| ends_with_any(&file.path, &["CODEOWNERS"]));
    let mut guarded: Vec<&str> = examination
        .gates
        .iter()
        .map(|gate| gate.file.as_str())
        .collect();
    guarded.extend(
        files
            .iter()
            .map(|file| file.path.as_str())
            .filter(|path| is_policy(path)),
    );
    guarded.sort_unstable();
    guarded.dedup();
    let unowned: Vec<&str> = match owners {
        None => guarded,
        Some(owners) => {
            let text = String::from_utf8_lossy(&owners.bytes).into_owned();
            guarded
                .into_iter()
                .filter(|path| !is_owned(&text, path))
                .collect()
        }
    };
    if unowned.is_empty() {
        return;
    }
    let list: Vec<String> = unowned.iter().map(|path| format!("`{path}`")).collect();
    examination.advice.push(Advice {
        file: owners.map_or(".github/CODEOWNERS".into(), |owners| owners.path.clone()),
        line: 0,
        weight: Weight::Weak,
        check: "codeowners",
        message: format!(
            "nobody in particular has to agree to a change of {}",
            list.join(", ")
        ),
        change: "name an owner for each of them, and require reviews by code owners".into(),
    });
}

/// Whether the last line that matches the path names an owner.
fn is_owned(text: &str, path: &str) -> bool {
    let mut owned = false;
    for line in text.lines() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        // GitLab's sections have headings in brackets.
        if line.is_empty() || line.starts_with(['#', '[', '^']) {
            continue;
        }
        let mut words = line.split_whitespace();
        let Some(pattern) = words.next() else {
            continue;
        };
        let mut builder = GitignoreBuilder::new("");
        let Ok(matcher) = builder
            .add_line(None, pattern)
            .and_then(|builder| builder.build())
        else {
            continue;
        };
        if matcher.matched_path_or_any_parents(path, false).is_ignore() {
            owned = words.next().is_some();
        }
    }
    owned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_that_matches_decides() {
        let text = "* @all\n/.github/ @platform # ours\n.factory-gate.yml\n";
        assert!(is_owned(text, ".github/workflows/gate.yml"));
        assert!(is_owned(text, "src/a"));
        assert!(!is_owned(text, ".factory-gate.yml"));
        assert!(!is_owned("", "a"));
        assert!(!is_owned("docs/ @a", "src/docs.yml"));
    }
}
