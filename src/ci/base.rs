//! What the variables of a CI job say of the commit to compare with.

use super::{System, Variables};

/// What the system says of the change that started the job. All of it is untrusted text, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseHint {
    /// A pull request (of GitLab: a merge request).
    PullRequest(PullRequest),
    /// GitHub's `pull_request_target`, which checks out what the pull request is to be merged into.
    PullRequestTarget,
    /// An entry of a merge queue.
    MergeQueue {
        /// The commit it goes on top of; if `None` the event says.
        base: Option<String>,
    },
    /// A push to a branch.
    Push {
        /// Where the branch was before, all zeros if it is new; if `None` the event says, or nobody.
        before: Option<String>,
        /// The repository's default branch; if `None` the event says, or nobody.
        default_branch: Option<String>,
    },
    /// The job was not started by a change but by this: a schedule, a person, a tag.
    NoChange(String),
}

/// A pull request as the system describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullRequest {
    /// The commit by which the system merged it into its target for this job.
    pub merge_commit: Option<String>,
    /// Its last commit.
    pub head: Option<String>,
    /// The commit where it left its target.
    pub fork_point: Option<String>,
    /// The branch that it is to be merged into.
    pub target: Option<String>,
}

impl Variables<'_> {
    /// What is said of the base; `None` if the system says nothing.
    pub(super) fn base(&self, system: System) -> Option<BaseHint> {
        match system {
            System::GitHub | System::Gitea | System::Forgejo => self.github_base(system),
            System::GitLab => self.gitlab_base(),
            System::Azure => self.azure_base(),
            System::Buildkite => Some(self.buildkite_base()),
            System::Jenkins => Some(self.jenkins_base()),
            System::TeamCity | System::Other => None,
        }
    }

    fn github_base(&self, system: System) -> Option<BaseHint> {
        let event = self.text("GITHUB_EVENT_NAME")?;
        let is_tag = self
            .text("GITHUB_REF_TYPE")
            .is_some_and(|kind| kind == "tag");
        Some(match event.as_str() {
            "pull_request" => BaseHint::PullRequest(PullRequest {
                // Gitea and Forgejo check out the pull request's own last commit, and name that one.
                merge_commit: self.sha("GITHUB_SHA").filter(|_| system == System::GitHub),
                target: self.text("GITHUB_BASE_REF"),
                ..PullRequest::default()
            }),
            "pull_request_target" => BaseHint::PullRequestTarget,
            "merge_group" => BaseHint::MergeQueue { base: None },
            "push" if is_tag => BaseHint::NoChange("a tag".to_owned()),
            "push" => BaseHint::Push {
                before: None,
                default_branch: None,
            },
            _ => BaseHint::NoChange(format!("the event `{event}`")),
        })
    }

    fn gitlab_base(&self) -> Option<BaseHint> {
        let source = self.text("CI_PIPELINE_SOURCE");
        let fork_point = self.sha("CI_MERGE_REQUEST_DIFF_BASE_SHA");
        if fork_point.is_some() || source.as_deref() == Some("merge_request_event") {
            let kind = self.text("CI_MERGE_REQUEST_EVENT_TYPE");
            let is_merged = matches!(kind.as_deref(), Some("merged_result" | "merge_train"));
            return Some(BaseHint::PullRequest(PullRequest {
                merge_commit: self.sha("CI_COMMIT_SHA").filter(|_| is_merged),
                head: self.sha("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"),
                fork_point,
                target: self.text("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"),
            }));
        }
        if self.text("CI_COMMIT_TAG").is_some() {
            return Some(BaseHint::NoChange("a tag".to_owned()));
        }
        match source?.as_str() {
            "push" => Some(BaseHint::Push {
                before: self.sha("CI_COMMIT_BEFORE_SHA"),
                default_branch: self.text("CI_DEFAULT_BRANCH"),
            }),
            other => Some(BaseHint::NoChange(format!("the pipeline source `{other}`"))),
        }
    }

    fn azure_base(&self) -> Option<BaseHint> {
        if let Some(target) = self.text("SYSTEM_PULLREQUEST_TARGETBRANCH") {
            return Some(BaseHint::PullRequest(PullRequest {
                merge_commit: self.sha("BUILD_SOURCEVERSION"),
                head: self.sha("SYSTEM_PULLREQUEST_SOURCECOMMITID"),
                fork_point: None,
                target: Some(target),
            }));
        }
        match self.text("BUILD_REASON")?.as_str() {
            "IndividualCI" | "BatchedCI" => Some(unsaid_push(None)),
            reason => Some(BaseHint::NoChange(format!("the build reason `{reason}`"))),
        }
    }

    fn buildkite_base(&self) -> BaseHint {
        if let Some(base) = self.sha("BUILDKITE_MERGE_QUEUE_BASE_COMMIT") {
            return BaseHint::MergeQueue { base: Some(base) };
        }
        if let Some(target) = self.text("BUILDKITE_PULL_REQUEST_BASE_BRANCH") {
            return into_branch(target);
        }
        if self.text("BUILDKITE_TAG").is_some() {
            return BaseHint::NoChange("a tag".to_owned());
        }
        match self.text("BUILDKITE_SOURCE").as_deref() {
            None | Some("webhook") => unsaid_push(self.text("BUILDKITE_PIPELINE_DEFAULT_BRANCH")),
            Some(source) => BaseHint::NoChange(format!("the build source `{source}`")),
        }
    }

    fn jenkins_base(&self) -> BaseHint {
        match self.text("CHANGE_TARGET") {
            Some(target) => into_branch(target),
            None if self.text("TAG_NAME").is_some() => BaseHint::NoChange("a tag".to_owned()),
            None => unsaid_push(None),
        }
    }
}

fn into_branch(target: String) -> BaseHint {
    BaseHint::PullRequest(PullRequest {
        target: Some(target),
        ..PullRequest::default()
    })
}

/// A push by a system that does not say where the branch was before.
fn unsaid_push(default_branch: Option<String>) -> BaseHint {
    BaseHint::Push {
        before: None,
        default_branch,
    }
}
