//! Which files are program code, by name or `#!` line.

use super::check::Content;
use super::extensions::Extensions;

/// Extensions of program code: of languages that are compiled, run, or tell a build or a server what to do.
pub(super) const EXTENSIONS: &[&str] = &[
    "ada", "adb", "ads", "asm", "awk", "bash", "bat", "bzl", "c", "c++", "cc", "cjs", "clj",
    "cljc", "cljs", "cmake", "cmd", "coffee", "cpp", "cr", "cs", "csh", "cts", "cu", "cxx", "d",
    "dart", "dts", "dtsi", "elm", "erl", "ex", "exs", "f", "f90", "fish", "fs", "fsx", "gd", "go",
    "gradle", "groovy", "h", "h++", "hcl", "hh", "hpp", "hrl", "hs", "hxx", "inc", "ino", "java",
    "jl", "js", "jsx", "kt", "kts", "lua", "m", "mjs", "mk", "ml", "mli", "mm", "mts", "nim",
    "nix", "pas", "php", "pl", "pm", "proto", "ps1", "psm1", "py", "pyi", "pyx", "r", "rake", "rb",
    "rkt", "rs", "s", "scala", "scm", "sh", "sol", "sql", "sv", "svelte", "swift", "tcl", "tf",
    "ts", "tsx", "v", "vb", "vhd", "vhdl", "vue", "zig", "zsh",
];

/// Names of program code without extension.
const NAMES: &[&str] = &[
    "BUILD",
    "CMakeLists.txt",
    "Containerfile",
    "Dockerfile",
    "GNUmakefile",
    "Gemfile",
    "Jenkinsfile",
    "Justfile",
    "Kbuild",
    "Kconfig",
    "Makefile",
    "Rakefile",
    "Vagrantfile",
    "WORKSPACE",
    "justfile",
    "makefile",
];

/// Whether a file is program code: by one of these extensions, by a name that builders know, or by its `#!` line.
pub(super) fn is_source(file: &Content<'_>, extensions: &Extensions) -> bool {
    let name = file.entry.name();
    extensions.cover(name)
        || NAMES.iter().any(|known| known.as_bytes() == name)
        || file.bytes.starts_with(b"#!/")
}
