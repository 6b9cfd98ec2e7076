//! Whether what stands at the place of a credential can be one: for shapes that also words, code and digests have.

use super::judge::entropy;
use super::site::Site;
use regex::bytes::{Regex, RegexBuilder};
use std::ops::Range;
use std::sync::LazyLock;

fn compile(source: &str) -> Option<Regex> {
    RegexBuilder::new(source)
        .case_insensitive(true)
        .unicode(false)
        .build()
        .ok()
}

fn is_match(regex: &LazyLock<Option<Regex>>, text: &[u8]) -> bool {
    // Cannot be missing: a test compiles it. Without it everything is reported.
    regex.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// Names of what is about a credential and is none.
static ABOUT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(concat!(
        r"hash|digest|checksum|integrity|sha[-_]?\d|md5|fingerprint|public|pubkey|label|placeholder|field|regex|pattern|^url|[^c]url|uri",
        r"|path|file|folder|\bdir|prompt|title|description|help|hint|message|error|warning|_?type|length|policy|expir|invalid",
        r"|wrong|bad_|csrf|xsrf|nonce|next_?token|page_?token|continuation|cursor|sync_?token|selector|locator|xpath|column|header|param|name|attr|event|action|class|format|version",
        r"|encrypt|cipher|crypt|mask|algo|method|max|min|count|size|limit|tokenizer|token_?id|_id\b|key_?id|keyname|session_?id",
        r"|placehold|translat|i18n|secretref|secret_?arn|valuefrom|storage_?key|cache_?key|primary_?key|foreign_?key|sort_?key|partition_?key|typed?",
    ))
});

/// What values are that are no credentials, whatever the name beside them says.
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(concat!(
        r"pass(?:wor[dt]|wd|phrase|code)|secret|token|api[-_.]?key|credential|default|testing|example|username|nopass|swordfish|qwert|asdf",
        r"|correct.?horse|abc123|abcd|1234|p[a@4][s5$]{2}w[o0]rd|s3cr3t|s3cret|hunter2",
        r"|(?:^|[-_.])(?:tests?|demo|admin|foo|bar|baz|none|null|nil|undefined|true|false|empty|string|value|user|guest|root|mock|stub|local",
        r"|dev|hello|welcome|letmein|abc|pwd|pass|my|the)(?:[-_.]|\d{0,4}$)",
    ))
});

/// Digests, ids, addresses, paths, code.
static OTHER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(concat!(
        r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$|^sha\d{1,3}[-:]|^md5[-:]|^(?:https?|ftp|file|ssh|git|data|urn|about):",
        r"|^\.{0,2}/[^/]*/|^\.{1,2}/|^~/|^[a-z]:\\|^#|^@|^--[a-z]|\\[nrtu0x]|^[\[({]|\)$|\(\)|->|::|=>|&&|\|\||;$|^\d+(?:\.\d+)*$|^0x[0-9a-f]{1,16}$",
        r"|^[a-z]+(?:[._/:-][a-z]+)+\d?$|^\d{4}-\d\d-\d\d",
    ))
});

/// Whether it is a word that stands where passwords do: `password`, `test`, `admin`.
pub(super) fn is_word(value: &[u8]) -> bool {
    is_match(&WORDS, value)
}

/// Hosts that nobody has (RFC 2606), after the `@` of an address.
static RESERVED_HOST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"^@(?:[0-9a-z_.-]{0,30}\.)?(?:example(?:\.(?:com|org|net))?|test|invalid)(?:[^0-9a-z.-]|$)",
    )
});

/// What kinds of characters a value has.
#[derive(Default)]
struct Makeup {
    lower: usize,
    upper: usize,
    digits: usize,
    other: usize,
    /// Bytes that are no ASCII.
    beyond: usize,
}

impl Makeup {
    fn of(value: &[u8]) -> Self {
        let mut makeup = Self::default();
        for byte in value {
            *match byte {
                b'a'..=b'z' => &mut makeup.lower,
                b'A'..=b'Z' => &mut makeup.upper,
                b'0'..=b'9' => &mut makeup.digits,
                0x80.. => &mut makeup.beyond,
                _ => &mut makeup.other,
            } += 1;
        }
        makeup
    }

    fn kinds(&self) -> usize {
        [self.lower, self.upper, self.digits, self.other]
            .into_iter()
            .filter(|count| *count > 0)
            .count()
    }
}

/// Whether it reads like words: most of it are runs of letters as long as words, with vowels as words have them.
fn is_wordy(value: &[u8]) -> bool {
    let mut in_words = 0;
    let mut at = 0;
    while at < value.len() {
        let start = at;
        at += 1;
        if !value[start].is_ascii_alphabetic() {
            continue;
        }
        // A capital begins a word, as in camelCase; several in a row are one word.
        let is_upper =
            at < value.len() && value[start].is_ascii_uppercase() && value[at].is_ascii_uppercase();
        let belongs = |byte: &u8| {
            if is_upper {
                byte.is_ascii_uppercase()
            } else {
                byte.is_ascii_lowercase()
            }
        };
        at += value[at..].iter().take_while(|byte| belongs(byte)).count();
        let word = &value[start..at];
        if word.len() >= 4 && is_pronounceable(word) {
            in_words += word.len();
        }
    }
    in_words * 10 >= value.len() * 6
}

/// Vowels and consonants alternate well enough.
fn is_pronounceable(word: &[u8]) -> bool {
    let is_vowel = |byte: &u8| {
        matches!(
            byte.to_ascii_lowercase(),
            b'a' | b'e' | b'i' | b'o' | b'u' | b'y'
        )
    };
    let vowels = word.iter().filter(|byte| is_vowel(byte)).count();
    let longest = word.split(is_vowel).map(<[u8]>::len).max().unwrap_or(0);
    vowels * 5 >= word.len() && vowels < word.len() && longest <= 4
}

/// Whether a generated value can stand here: it looks random, and its name does not say that it is something else.
pub(super) fn value(site: &Site<'_>) -> bool {
    let value = site.value;
    let file = site.file;
    if file.is_digests() || file.is_generated() || file.is_texts() {
        return false;
    }
    let makeup = Makeup::of(value);
    if makeup.beyond > 0 || makeup.digits < 2 || makeup.digits == value.len() {
        return false;
    }
    if !site.is_quoted() && !file.is_settings() && makeup.kinds() < 3 {
        return false;
    }
    if is_match(&WORDS, value)
        || is_match(&OTHER, value)
        || is_wordy(value)
        || is_match(&ABOUT, site.name())
    {
        return false;
    }
    !file.is_tests() || entropy(value) >= if makeup.kinds() >= 3 { 3.9 } else { 3.4 }
}

/// Whether a password can stand here: no word, no label, no code, no reference.
pub(super) fn password(site: &Site<'_>) -> bool {
    let value = site.value;
    let file = site.file;
    if file.is_digests() || file.is_generated() || file.is_texts() {
        return false;
    }
    let makeup = Makeup::of(value);
    let letters = makeup.lower + makeup.upper;
    if makeup.beyond > 0 || letters == 0 {
        return false;
    }
    // Without a digit it is a word, unless it reads like none.
    if makeup.digits == 0
        && (value.len() < 10 || makeup.kinds() < 2 || entropy(value) < 3.0 || is_wordy(value))
    {
        return false;
    }
    if is_match(&RESERVED_HOST, site.after) {
        return false;
    }
    // Without quotes, in source code, it is an expression.
    if !site.is_quoted() && !file.is_settings() && (makeup.kinds() < 3 || letters < 4) {
        return false;
    }
    if is_match(&WORDS, value) || is_match(&OTHER, value) || is_match(&ABOUT, site.name()) {
        return false;
    }
    if makeup.kinds() < 3 && is_wordy(value) {
        return false;
    }
    !file.is_tests() || (value.len() >= 12 && makeup.kinds() >= 3 && entropy(value) >= 3.2)
}

/// The most of a key that is looked at.
const LONGEST_BLOCK: usize = 32 * 1024;

/// The fewest characters of data that make a key.
const SHORTEST_BODY: usize = 40;

/// The whole block that begins here, up to its closing line, if there is a key in it.
pub(super) fn block(text: &[u8], found: &Range<usize>) -> Option<Range<usize>> {
    let limit = text.len().min(found.start + LONGEST_BLOCK);
    let inside = &text[found.end..limit];
    let opening = &text[found.clone()];
    let first = opening
        .iter()
        .rev()
        .take_while(|byte| is_data(**byte))
        .count();
    let end = if opening.starts_with(b"----") {
        memchr::memmem::find(inside, b"----")
            .unwrap_or_else(|| length_while(inside, |byte| is_data(byte) || is_between(byte)))
    } else {
        length_while(inside, is_data)
    };
    let body = &text[found.end - first..found.end + end];
    let data = body.iter().filter(|byte| is_data(**byte)).count();
    let is_cut = [&b"..."[..], b"xxxxxx", b"XXXXXX", "…".as_bytes()]
        .iter()
        .any(|sign| memchr::memmem::find(body, sign).is_some());
    (data >= SHORTEST_BODY && !is_cut && entropy(body) >= 4.0)
        .then_some(found.start..found.end + end)
}

fn length_while(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| belongs(**byte)).count()
}

/// A character of base 64.
fn is_data(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// What stands between the lines of a key in a string of some language.
fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'\\' | b'"' | b'\'' | b',' | b'+')
}
