//! Which notation a file is in, by its name and the folder it lies in.

use super::Notation;

/// Extensions (lower case) whose files are in just one notation.
const EXTENSIONS: &[(&str, Notation)] = &[
    ("json", Notation::Json),
    ("geojson", Notation::Json),
    ("topojson", Notation::Json),
    ("jsonld", Notation::Json),
    ("har", Notation::Json),
    ("ipynb", Notation::Json),
    ("webmanifest", Notation::Json),
    ("avsc", Notation::Json),
    ("sarif", Notation::Json),
    ("jsonc", Notation::JsonWithComments),
    ("code-workspace", Notation::JsonWithComments),
    ("sublime-project", Notation::JsonWithComments),
    ("sublime-settings", Notation::JsonWithComments),
    ("json5", Notation::Json5),
    ("jsonl", Notation::JsonLines),
    ("ndjson", Notation::JsonLines),
    ("yaml", Notation::Yaml),
    ("yml", Notation::Yaml),
    ("toml", Notation::Toml),
    ("xml", Notation::Xml),
    ("xsd", Notation::Xml),
    ("xsl", Notation::Xml),
    ("xslt", Notation::Xml),
    ("svg", Notation::Xml),
    ("plist", Notation::Xml),
    ("csproj", Notation::Xml),
    ("vbproj", Notation::Xml),
    ("fsproj", Notation::Xml),
    ("vcxproj", Notation::Xml),
    ("nuspec", Notation::Xml),
    ("resx", Notation::Xml),
    ("xaml", Notation::Xml),
    ("pom", Notation::Xml),
    ("wsdl", Notation::Xml),
    ("xhtml", Notation::Xml),
    ("rng", Notation::Xml),
    ("xlf", Notation::Xml),
    ("xliff", Notation::Xml),
    ("rss", Notation::Xml),
    ("atom", Notation::Xml),
    ("kml", Notation::Xml),
    ("gpx", Notation::Xml),
    ("graphml", Notation::Xml),
];

/// File names (lower case) without a telling extension, or whose extension says too little.
const NAMES: &[(&str, Notation)] = &[
    ("composer.lock", Notation::Json),
    ("pipfile.lock", Notation::Json),
    ("flake.lock", Notation::Json),
    (".watchmanconfig", Notation::Json),
    ("jsconfig.json", Notation::JsonWithComments),
    ("devcontainer.json", Notation::JsonWithComments),
    (".devcontainer.json", Notation::JsonWithComments),
    (".eslintrc.json", Notation::JsonWithComments),
    (".jshintrc", Notation::JsonWithComments),
    (".jscsrc", Notation::JsonWithComments),
    (".swcrc", Notation::JsonWithComments),
    ("api-extractor.json", Notation::JsonWithComments),
    ("tslint.json", Notation::JsonWithComments),
    ("typedoc.json", Notation::JsonWithComments),
    ("deno.json", Notation::JsonWithComments),
    ("turbo.json", Notation::JsonWithComments),
    ("nx.json", Notation::JsonWithComments),
    ("biome.json", Notation::JsonWithComments),
    ("wrangler.json", Notation::JsonWithComments),
    ("language-configuration.json", Notation::JsonWithComments),
    ("bun.lock", Notation::JsonWithComments),
    ("rush.json", Notation::JsonWithComments),
    ("renovate.json", Notation::JsonWithComments),
    (".renovaterc.json", Notation::JsonWithComments),
    ("babel.config.json", Notation::Json5),
    (".babelrc", Notation::Json5),
    (".babelrc.json", Notation::Json5),
    ("citation.cff", Notation::Yaml),
    (".clang-format", Notation::Yaml),
    (".clang-tidy", Notation::Yaml),
    (".clangd", Notation::Yaml),
    (".yamllint", Notation::Yaml),
    (".prettierrc", Notation::Yaml),
    ("cargo.lock", Notation::Toml),
    ("poetry.lock", Notation::Toml),
    ("uv.lock", Notation::Toml),
    ("pdm.lock", Notation::Toml),
    ("pipfile", Notation::Toml),
    ("gopkg.lock", Notation::Toml),
    ("packages.config", Notation::Xml),
    ("nuget.config", Notation::Xml),
    ("web.config", Notation::Xml),
    ("app.config", Notation::Xml),
];

/// Folders whose `.json` files are read by a program that takes comments.
const COMMENTED_FOLDERS: &[&str] = &[".vscode", ".devcontainer", ".zed"];

pub(super) fn of(path: &[u8]) -> Option<Notation> {
    let slash = path.iter().rposition(|byte| *byte == b'/');
    let name = path[slash.map_or(0, |at| at + 1)..].to_ascii_lowercase();
    let folders = &path[..slash.unwrap_or(0)];
    let named = NAMES
        .iter()
        .find(|(known, _)| known.as_bytes() == name)
        .map(|(_, notation)| *notation);
    named.or_else(|| {
        let dot = name.iter().rposition(|byte| *byte == b'.')?;
        let extension = &name[dot + 1..];
        let (_, notation) = EXTENSIONS
            .iter()
            .find(|(known, _)| known.as_bytes() == extension)?;
        match notation {
            Notation::Json if takes_comments(&name, folders) => Some(Notation::JsonWithComments),
            notation => Some(*notation),
        }
    })
}

/// Whether the program that reads this `.json` file takes comments.
fn takes_comments(name: &[u8], folders: &[u8]) -> bool {
    // `tsconfig.json`, `tsconfig.base.json`, `tsconfig-cjs.json`; but not `tsconfigs.json`.
    let is_tsconfig = name
        .strip_prefix(b"tsconfig")
        .is_some_and(|rest| matches!(rest.first(), Some(b'.' | b'-' | b'_')));
    is_tsconfig
        || folders
            .split(|byte| *byte == b'/')
            .any(|folder| COMMENTED_FOLDERS.iter().any(|it| it.as_bytes() == folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_folders_tell_the_notation() {
        for (path, notation) in [
            ("a.json", Some(Notation::Json)),
            ("A.JSON", Some(Notation::Json)),
            (".json", Some(Notation::Json)),
            ("x/package.json", Some(Notation::Json)),
            ("x/composer.lock", Some(Notation::Json)),
            ("tsconfig.json", Some(Notation::JsonWithComments)),
            ("a/tsconfig.build.json", Some(Notation::JsonWithComments)),
            ("a/tsconfig-esm.json", Some(Notation::JsonWithComments)),
            ("a/tsconfigs.json", Some(Notation::Json)),
            ("a/.vscode/settings.json", Some(Notation::JsonWithComments)),
            ("a.vscode/settings.json", Some(Notation::Json)),
            (".babelrc", Some(Notation::Json5)),
            ("a.jsonl", Some(Notation::JsonLines)),
            ("CITATION.cff", Some(Notation::Yaml)),
            (".github/workflows/ci.yml", Some(Notation::Yaml)),
            ("Cargo.lock", Some(Notation::Toml)),
            ("yarn.lock", None),
            // JSON with comments or YAML, as its author likes.
            (".eslintrc", None),
            ("pom.xml", Some(Notation::Xml)),
            ("json", None),
            ("a.json.j2", None),
            ("a.yaml.tmpl", None),
            ("a/b", None),
            ("", None),
        ] {
            assert_eq!(of(path.as_bytes()), notation, "{path}");
        }
    }
}
