//! The only room that knows the variables of CI systems. They come in through a lookup function; nothing here
//! reads the process environment. Values are whatever the system, or a pull request, put there: untrusted.

mod append;
mod base;

pub use append::{append, create, summary_budget};
pub use base::{BaseHint, PullRequest};

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A CI system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum System {
    /// GitHub Actions.
    GitHub,
    /// Gitea Actions, which speaks most of GitHub's language.
    Gitea,
    /// Forgejo Actions, likewise.
    Forgejo,
    /// GitLab CI.
    GitLab,
    /// Azure Pipelines.
    Azure,
    /// Buildkite.
    Buildkite,
    /// `TeamCity`.
    TeamCity,
    /// Jenkins.
    Jenkins,
    /// Some other one, which sets `CI`.
    Other,
}

impl System {
    /// The name in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::Gitea => "gitea",
            Self::Forgejo => "forgejo",
            Self::GitLab => "gitlab",
            Self::Azure => "azure",
            Self::Buildkite => "buildkite",
            Self::TeamCity => "teamcity",
            Self::Jenkins => "jenkins",
            Self::Other => "other",
        }
    }

    /// Whether the job's log is read for commands in the language of GitHub's runner, shown as annotations or not.
    pub fn reads_github_commands(self) -> bool {
        matches!(self, Self::GitHub | Self::Gitea | Self::Forgejo)
    }

    /// Whether `::error::` lines become annotations; elsewhere they would only be noise in the log.
    pub fn shows_annotations(self) -> bool {
        self == Self::GitHub
    }
}

/// What is known about the CI job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The system; `None` outside CI.
    pub system: Option<System>,
    /// The page of the run: an `http` or `https` address.
    pub run_url: Option<String>,
    /// The commit checked out, as the CI system names it: 40 or 64 hex digits.
    pub head_sha: Option<String>,
    /// What the system says of the commit to compare with.
    pub base: Option<BaseHint>,
    /// The file that describes the event which started the job, as JSON.
    pub event: Option<PathBuf>,
    /// The root of the checkout, which annotations are relative to.
    pub checkout: Option<PathBuf>,
    /// The runner's own directories, for temporary files and for tools.
    pub runner_directories: Vec<PathBuf>,
    /// The address of the repository's files at `head_sha`, with a `/` at its end.
    pub blob_url: Option<String>,
    /// Where the job summary is appended.
    pub summary: Option<PathBuf>,
    /// The directory for a file that a command in the log names as the job's summary.
    pub summary_directory: Option<PathBuf>,
    /// Where the step's outputs are appended.
    pub output: Option<PathBuf>,
}

impl Environment {
    /// Asks `lookup` for the variables it needs; the first system recognised is it.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let variables = Variables(lookup);
        match variables.system() {
            None => Self::default(),
            Some(system) => variables.environment(system),
        }
    }

    /// As [`Self::from_lookup`], of a job of this system whatever the variables look like.
    pub fn of_system(system: System, lookup: &dyn Fn(&str) -> Option<OsString>) -> Self {
        Variables(lookup).environment(system)
    }

    /// The path of `workspace` (absolute) in the checkout, with `/` between its parts and at its end; empty if
    /// it is the checkout. `None` if it lies elsewhere, or its name is not UTF-8.
    pub fn prefix_of(&self, workspace: &Path) -> Option<String> {
        let below = workspace.strip_prefix(self.checkout.as_ref()?).ok()?;
        let mut prefix = String::new();
        for part in below {
            prefix.push_str(part.to_str()?);
            prefix.push('/');
        }
        Some(prefix)
    }

    /// Whether this is a CI job, where a progress bar would fill the log.
    pub fn is_ci(&self) -> bool {
        self.system.is_some()
    }
}

struct Variables<'a>(&'a dyn Fn(&str) -> Option<OsString>);

impl Variables<'_> {
    /// The variable, if it is text and not empty.
    fn text(&self, name: &str) -> Option<String> {
        let text = (self.0)(name)?.into_string().ok()?;
        (!text.is_empty()).then_some(text)
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        (self.0)(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    }

    fn is_on(&self, name: &str) -> bool {
        self.text(name)
            .is_some_and(|value| !value.eq_ignore_ascii_case("false") && value != "0")
    }

    fn sha(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| {
            matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }

    fn url(&self, name: &str) -> Option<String> {
        self.text(name).and_then(plain_url)
    }

    fn system(&self) -> Option<System> {
        if self.is_on("GITHUB_ACTIONS") {
            // Forgejo's runner sets Gitea's variable too.
            return Some(if self.is_on("FORGEJO_ACTIONS") {
                System::Forgejo
            } else if self.is_on("GITEA_ACTIONS") {
                System::Gitea
            } else {
                System::GitHub
            });
        }
        [
            ("FORGEJO_ACTIONS", System::Forgejo),
            ("GITEA_ACTIONS", System::Gitea),
            ("GITLAB_CI", System::GitLab),
            ("TF_BUILD", System::Azure),
            ("BUILDKITE", System::Buildkite),
            ("TEAMCITY_VERSION", System::TeamCity),
            ("JENKINS_URL", System::Jenkins),
            ("CI", System::Other),
        ]
        .into_iter()
        .find_map(|(name, system)| self.is_on(name).then_some(system))
    }

    fn environment(&self, system: System) -> Environment {
        let runner = [
            "RUNNER_TEMP",
            "RUNNER_TOOL_CACHE",
            "AGENT_TEMPDIRECTORY",
            "AGENT_TOOLSDIRECTORY",
        ];
        let bare = Environment {
            system: Some(system),
            base: self.base(system),
            runner_directories: runner.iter().filter_map(|name| self.path(name)).collect(),
            ..Environment::default()
        };
        match system {
            System::GitHub | System::Gitea | System::Forgejo => self.github(&bare),
            System::GitLab => Environment {
                run_url: self
                    .url("CI_JOB_URL")
                    .or_else(|| self.url("CI_PIPELINE_URL")),
                head_sha: self.sha("CI_COMMIT_SHA"),
                checkout: self.path("CI_PROJECT_DIR"),
                ..bare
            },
            System::Azure => Environment {
                run_url: self.azure_run_url(),
                head_sha: self.sha("BUILD_SOURCEVERSION"),
                checkout: self.path("BUILD_SOURCESDIRECTORY"),
                summary_directory: self.path("AGENT_TEMPDIRECTORY"),
                ..bare
            },
            System::Buildkite => Environment {
                run_url: self.url("BUILDKITE_BUILD_URL"),
                head_sha: self.sha("BUILDKITE_COMMIT"),
                checkout: self.path("BUILDKITE_BUILD_CHECKOUT_PATH"),
                ..bare
            },
            System::TeamCity => Environment {
                run_url: self.url("BUILD_URL"),
                head_sha: self.sha("BUILD_VCS_NUMBER"),
                ..bare
            },
            System::Jenkins => Environment {
                run_url: self.url("BUILD_URL"),
                head_sha: self.sha("GIT_COMMIT"),
                checkout: self.path("WORKSPACE"),
                ..bare
            },
            System::Other => bare,
        }
    }

    fn github(&self, bare: &Environment) -> Environment {
        let is_github = bare.system == Some(System::GitHub);
        let head_sha = self.sha("GITHUB_SHA");
        let repository = self.github_repository();
        // Gitea numbers its run pages, GitHub names them by id.
        let run = self.text(if is_github {
            "GITHUB_RUN_ID"
        } else {
            "GITHUB_RUN_NUMBER"
        });
        let run = run.filter(|run| run.bytes().all(|byte| byte.is_ascii_digit()));
        let files = if is_github { "blob" } else { "src/commit" };
        Environment {
            run_url: repository
                .as_ref()
                .zip(run)
                .map(|(url, run)| format!("{url}/actions/runs/{run}")),
            blob_url: repository
                .zip(head_sha.as_ref())
                .map(|(url, sha)| format!("{url}/{files}/{sha}/")),
            head_sha,
            event: self.path("GITHUB_EVENT_PATH"),
            checkout: self.path("GITHUB_WORKSPACE"),
            summary: self.path("GITHUB_STEP_SUMMARY"),
            output: self.path("GITHUB_OUTPUT"),
            ..bare.clone()
        }
    }

    /// The repository's page.
    fn github_repository(&self) -> Option<String> {
        let server = self.url("GITHUB_SERVER_URL")?;
        let repository = self.text("GITHUB_REPOSITORY")?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
        (repository.matches('/').count() == 1 && repository.bytes().all(is_plain))
            .then(|| format!("{}/{repository}", server.trim_end_matches('/')))
    }

    fn azure_run_url(&self) -> Option<String> {
        let collection = self.url("SYSTEM_COLLECTIONURI")?;
        let project = self.text("SYSTEM_TEAMPROJECT")?.replace(' ', "%20");
        let build = self.text("BUILD_BUILDID")?;
        let collection = collection.trim_end_matches('/');
        plain_url(format!(
            "{collection}/{project}/_build/results?buildId={build}"
        ))
    }
}

/// The address, if it is `http` or `https` and holds only characters that every report can show as they are.
fn plain_url(url: String) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#@&=+,;%".contains(&byte);
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    (is_web && url.bytes().all(is_plain)).then_some(url)
}

#[cfg(test)]
mod tests;
