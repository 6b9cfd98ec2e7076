//! How comments are written, by language: which markers a file has, by its name.

/// How comments and strings are written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CommentStyle {
    /// What starts a comment that ends with its line.
    pub(super) lines: &'static [&'static str],
    /// What starts and ends a comment of any length.
    pub(super) blocks: &'static [(&'static str, &'static str)],
    /// What starts and ends a string on one line.
    pub(super) quotes: &'static str,
    /// What starts and ends a string over lines.
    pub(super) long_quotes: &'static [&'static str],
    /// How a language treats the markers.
    pub(super) dialect: Dialect,
}

/// How a language treats the markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A marker counts wherever it stands outside of a string.
    Plain,
    /// A line marker counts only at the start of a line or after a blank.
    AfterBlank,
    /// A line marker counts only at the start of a line.
    LineStart,
    /// Block comments nest.
    Nested,
}

const fn style(
    lines: &'static [&'static str],
    blocks: &'static [(&'static str, &'static str)],
    quotes: &'static str,
    dialect: Dialect,
) -> CommentStyle {
    let long_quotes = &[];
    CommentStyle {
        lines,
        blocks,
        quotes,
        long_quotes,
        dialect,
    }
}

const STAR: (&str, &str) = ("/*", "*/");
const MARKUP: (&str, &str) = ("<!--", "-->");
const PAREN_STAR: (&str, &str) = ("(*", "*)");

use Dialect::{AfterBlank, LineStart, Nested, Plain};

static C: CommentStyle = style(&["//"], &[STAR], "\"'", Plain);
static RUST: CommentStyle = style(&["//"], &[STAR], "\"", Nested);
static SCRIPT: CommentStyle = CommentStyle {
    long_quotes: &["`"],
    ..style(&["//"], &[STAR], "\"'", Plain)
};
static PHP: CommentStyle = style(&["//", "#"], &[STAR], "\"'", AfterBlank);
static CSS: CommentStyle = style(&[], &[STAR], "\"'", Plain);
static SASS: CommentStyle = style(&["//"], &[STAR], "\"'", AfterBlank);
static HASH: CommentStyle = style(&["#"], &[], "\"'", AfterBlank);
static PYTHON: CommentStyle = CommentStyle {
    long_quotes: &["\"\"\"", "'''"],
    ..style(&["#"], &[], "\"'", Plain)
};
static POWERSHELL: CommentStyle = style(&["#"], &[("<#", "#>")], "\"'", AfterBlank);
static TERRAFORM: CommentStyle = style(&["#", "//"], &[STAR], "\"", AfterBlank);
static NIX: CommentStyle = style(&["#"], &[STAR], "\"", AfterBlank);
static CMAKE: CommentStyle = style(&["#"], &[("#[[", "]]")], "\"", AfterBlank);
static JULIA: CommentStyle = style(&["#"], &[("#=", "=#")], "\"", Nested);
static LINE_HASH: CommentStyle = style(&["#"], &[], "", LineStart);
static INI: CommentStyle = style(&[";", "#"], &[], "", LineStart);
static ASSEMBLER: CommentStyle = style(&[";"], &[], "\"'", Plain);
static GNU_ASSEMBLER: CommentStyle = style(&["//", "#"], &[STAR], "\"", AfterBlank);
static LISP: CommentStyle = style(&[";"], &[("#|", "|#")], "\"", Nested);
static CLOJURE: CommentStyle = style(&[";"], &[], "\"", Plain);
static SQL: CommentStyle = style(&["--"], &[STAR], "\"'", Plain);
static LUA: CommentStyle = style(&["--"], &[("--[[", "]]")], "\"'", Plain);
static HASKELL: CommentStyle = style(&["--"], &[("{-", "-}")], "\"", Nested);
static DASHES: CommentStyle = style(&["--"], &[], "\"", Plain);
static TEX: CommentStyle = style(&["%"], &[], "", Plain);
static PERCENT: CommentStyle = style(&["%"], &[], "\"", Plain);
static MARKED_UP: CommentStyle = style(&[], &[MARKUP], "", Plain);
static COMPONENT: CommentStyle = style(&["//"], &[MARKUP, STAR], "", AfterBlank);
static BATCH: CommentStyle = style(
    &["REM ", "rem ", "Rem ", "@rem ", "@REM ", "::"],
    &[],
    "",
    LineStart,
);
static BASIC: CommentStyle = style(&["'"], &[], "\"", Plain);
static FORTRAN: CommentStyle = style(&["!"], &[], "\"'", Plain);
static OCAML: CommentStyle = style(&[], &[PAREN_STAR], "\"", Nested);
static F_SHARP: CommentStyle = style(&["//"], &[PAREN_STAR], "\"", Nested);
static PASCAL: CommentStyle = style(&["//"], &[PAREN_STAR, ("{", "}")], "'", Plain);
static VIM: CommentStyle = style(&["\""], &[], "", LineStart);
static ROFF: CommentStyle = style(&[".\\\"", "'\\\""], &[], "", LineStart);
static HANDLEBARS: CommentStyle = style(&[], &[("{{!--", "--}}"), ("{{!", "}}")], "", Plain);
static FREEMARKER: CommentStyle = style(&[], &[("<#--", "-->")], "", Plain);
static JINJA: CommentStyle = style(&[], &[("{#", "#}")], "", Plain);
static SERVER_PAGE: CommentStyle = style(&[], &[("<%--", "--%>"), MARKUP], "", Plain);

type Table = &'static [(&'static CommentStyle, &'static [&'static str])];

/// By extension, in lower case.
static EXTENSIONS: Table = &[
    (
        &C,
        &[
            "c",
            "h",
            "cc",
            "cpp",
            "cxx",
            "c++",
            "hh",
            "hpp",
            "hxx",
            "h++",
            "inl",
            "ipp",
            "ixx",
            "cppm",
            "tpp",
            "ino",
            "m",
            "mm",
            "cu",
            "cuh",
            "java",
            "cs",
            "dart",
            "d",
            "proto",
            "thrift",
            "fbs",
            "v",
            "sv",
            "svh",
            "vala",
            "vapi",
            "glsl",
            "vert",
            "frag",
            "geom",
            "comp",
            "hlsl",
            "fx",
            "metal",
            "wgsl",
            "zig",
            "sol",
            "jsonc",
            "json5",
            "dts",
            "dtsi",
            "idl",
            "aidl",
            "hx",
            "as",
            "y",
            "l",
            "lex",
            "yy",
            "ll",
            "cl",
            "odin",
            "bicep",
            "prisma",
            "cue",
            "jsonnet",
            "libsonnet",
        ],
    ),
    (&RUST, &["rs", "swift", "kt", "kts", "scala", "sc", "ron"]),
    (
        &SCRIPT,
        &[
            "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "go", "groovy", "gradle",
        ],
    ),
    (&PHP, &["php", "php3", "php4", "php5", "phtml", "inc"]),
    (&CSS, &["css", "pcss"]),
    (&SASS, &["scss", "sass", "less", "styl"]),
    (
        &HASH,
        &[
            "sh",
            "bash",
            "zsh",
            "ksh",
            "fish",
            "bats",
            "rb",
            "rake",
            "gemspec",
            "pl",
            "pm",
            "t",
            "r",
            "yaml",
            "yml",
            "toml",
            "mk",
            "mak",
            "ex",
            "exs",
            "cr",
            "tcl",
            "awk",
            "sed",
            "jq",
            "graphql",
            "gql",
            "coffee",
            "nim",
            "nims",
            "nimble",
            "robot",
            "feature",
            "rego",
            "gn",
            "gni",
            "bb",
            "bbclass",
            "bbappend",
            "dockerfile",
            "gd",
            "raku",
            "rakumod",
            "service",
            "socket",
            "timer",
            "spec",
            "sls",
            "conf",
            "ninja",
            "just",
            "cfg",
        ],
    ),
    (
        &PYTHON,
        &["py", "pyi", "pyw", "pyx", "pxd", "bzl", "bazel", "star"],
    ),
    (&POWERSHELL, &["ps1", "psm1", "psd1"]),
    (&TERRAFORM, &["tf", "tfvars", "hcl"]),
    (&NIX, &["nix"]),
    (&CMAKE, &["cmake"]),
    (&JULIA, &["jl"]),
    (&LINE_HASH, &["properties", "env", "po", "pot"]),
    (&INI, &["ini", "desktop", "inf", "reg"]),
    (&ASSEMBLER, &["asm", "nasm"]),
    (&GNU_ASSEMBLER, &["s"]),
    (&LISP, &["lisp", "lsp", "scm", "ss", "rkt", "el", "sld"]),
    (&CLOJURE, &["clj", "cljs", "cljc", "edn", "fnl"]),
    (&SQL, &["sql", "psql", "ddl", "pls", "plsql"]),
    (&LUA, &["lua", "luau"]),
    (&HASKELL, &["hs", "elm", "purs", "idr", "agda", "dhall"]),
    (&DASHES, &["ada", "adb", "ads", "vhd", "vhdl", "e"]),
    (&TEX, &["tex", "sty", "cls", "ltx", "dtx", "bib"]),
    (&PERCENT, &["erl", "hrl", "pro"]),
    (
        &MARKED_UP,
        &[
            "html",
            "htm",
            "xhtml",
            "xml",
            "xsl",
            "xslt",
            "xsd",
            "wsdl",
            "svg",
            "xaml",
            "plist",
            "csproj",
            "vbproj",
            "fsproj",
            "vcxproj",
            "props",
            "targets",
            "resx",
            "ui",
            "qrc",
            "fxml",
            "storyboard",
            "xib",
            "rng",
            "dita",
            "nuspec",
        ],
    ),
    (&COMPONENT, &["vue", "svelte", "astro"]),
    (&BATCH, &["bat", "cmd"]),
    (&BASIC, &["vb", "vbs", "bas"]),
    (&FORTRAN, &["f90", "f95", "f03", "f08"]),
    (&OCAML, &["ml", "mli", "mll", "mly", "sml", "sig"]),
    (&F_SHARP, &["fs", "fsi", "fsx"]),
    (&PASCAL, &["pas", "pp", "dpr", "lpr"]),
    (&VIM, &["vim"]),
    (&ROFF, &["man", "mdoc"]),
    (&HANDLEBARS, &["hbs", "handlebars", "mustache"]),
    (&FREEMARKER, &["ftl"]),
    (&JINJA, &["j2", "jinja", "jinja2", "twig", "njk"]),
    (&SERVER_PAGE, &["jsp", "jspx", "aspx", "ascx", "cshtml"]),
];

/// By name.
static NAMES: Table = &[
    (
        &HASH,
        &[
            "Makefile",
            "makefile",
            "GNUmakefile",
            "Kbuild",
            "Kconfig",
            "Dockerfile",
            "Containerfile",
            "Gemfile",
            "Rakefile",
            "Vagrantfile",
            "Podfile",
            "Brewfile",
            "Guardfile",
            "Fastfile",
            "Justfile",
            "justfile",
            ".bashrc",
            ".bash_profile",
            ".profile",
            ".zshrc",
            "meson.build",
            "meson_options.txt",
            "configure.ac",
        ],
    ),
    (&CMAKE, &["CMakeLists.txt"]),
    (
        &PYTHON,
        &[
            "BUILD",
            "WORKSPACE",
            "Tiltfile",
            "SConstruct",
            "SConscript",
            "wscript",
        ],
    ),
    (&C, &["Jenkinsfile", "go.mod", "go.work"]),
    (
        &LINE_HASH,
        &[
            ".gitignore",
            ".gitattributes",
            ".gitmodules",
            ".dockerignore",
            ".npmignore",
            ".prettierignore",
            ".eslintignore",
            ".ignore",
            ".env",
            "CODEOWNERS",
            "Pipfile",
            "requirements.txt",
            "constraints.txt",
        ],
    ),
    (
        &INI,
        &[
            ".editorconfig",
            ".gitconfig",
            ".npmrc",
            ".flake8",
            ".pylintrc",
        ],
    ),
    (&VIM, &[".vimrc"]),
];

/// The style of the file with this name, if its language is known.
pub(super) fn of(name: &[u8]) -> Option<&'static CommentStyle> {
    let by_name = NAMES
        .iter()
        .find(|(_, names)| names.iter().any(|known| known.as_bytes() == name));
    if let Some((style, _)) = by_name {
        return Some(style);
    }
    if name.starts_with(b"Dockerfile.") || name.starts_with(b"Makefile.") {
        return Some(&HASH);
    }
    let dot = memchr::memrchr(b'.', name)?;
    let extension = &name[dot + 1..];
    let is_it = |known: &&str| known.as_bytes().eq_ignore_ascii_case(extension);
    let found = EXTENSIONS.iter().find(|(_, all)| all.iter().any(is_it));
    found.map(|(style, _)| *style)
}

/// A style by what a policy calls it: the extension of a language.
pub(super) fn by_extension(extension: &str) -> Option<&'static CommentStyle> {
    of(format!("x.{extension}").as_bytes())
}

impl CommentStyle {
    /// Whether statements end in `;` or `}`, as in C.
    pub(super) fn is_like_c(&self) -> bool {
        self.lines.first() == Some(&"//")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_known_by_name_and_by_extension() {
        assert_eq!(of(b"a.RS"), Some(&RUST));
        assert_eq!(of(b"a.test.tsx"), Some(&SCRIPT));
        assert_eq!(of(b"Dockerfile"), Some(&HASH));
        assert_eq!(of(b"Dockerfile.dev"), Some(&HASH));
        assert_eq!(of(b".gitignore"), Some(&LINE_HASH));
        assert_eq!(of(b"CMakeLists.txt"), Some(&CMAKE));
        for unknown in ["README", "a.txt", "a.md", "a.", "rs", "a.json", ""] {
            assert_eq!(of(unknown.as_bytes()), None, "{unknown}");
        }
    }

    #[test]
    fn no_name_is_listed_twice() {
        for table in [EXTENSIONS, NAMES] {
            let mut all: Vec<&str> = table
                .iter()
                .flat_map(|(_, names)| names.iter().copied())
                .collect();
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count);
        }
    }
}
