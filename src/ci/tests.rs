//! Environments of the CI systems, as their documentation gives them.

use super::*;

fn environment(variables: &[(&str, &str)]) -> Environment {
    let variables: Vec<(String, OsString)> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
        .collect();
    Environment::from_lookup(&|name| {
        variables
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    })
}

fn into_branch(target: &str) -> BaseHint {
    BaseHint::PullRequest(PullRequest {
        target: Some(target.to_owned()),
        ..PullRequest::default()
    })
}

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

const GITHUB: [(&str, &str); 9] = [
    ("GITHUB_ACTIONS", "true"),
    ("CI", "true"),
    ("GITHUB_SERVER_URL", "https://github.com"),
    ("GITHUB_REPOSITORY", "owner/repo.x"),
    ("GITHUB_RUN_ID", "42"),
    ("GITHUB_RUN_NUMBER", "7"),
    ("GITHUB_SHA", SHA),
    ("GITHUB_STEP_SUMMARY", "/tmp/summary"),
    ("GITHUB_OUTPUT", ""),
];

#[test]
fn outside_ci_nothing_is_known() {
    assert_eq!(environment(&[("GITHUB_SHA", SHA)]), Environment::default());
    assert!(!environment(&[("CI", "false")]).is_ci());
    assert!(!environment(&[("CI", "")]).is_ci());
    assert_eq!(environment(&[("CI", "1")]).system, Some(System::Other));
}

#[test]
fn github_is_known_in_full() {
    let found = environment(&[&GITHUB[..], &[("GITHUB_EVENT_NAME", "pull_request")]].concat());
    assert_eq!(found.system, Some(System::GitHub));
    assert_eq!(
        found.run_url.as_deref(),
        Some("https://github.com/owner/repo.x/actions/runs/42")
    );
    assert_eq!(
        found.blob_url,
        Some(format!("https://github.com/owner/repo.x/blob/{SHA}/"))
    );
    let pull_request = PullRequest {
        merge_commit: Some(SHA.into()),
        ..PullRequest::default()
    };
    assert_eq!(found.base, Some(BaseHint::PullRequest(pull_request)));
    assert_eq!(found.summary, Some("/tmp/summary".into()));
    assert_eq!(found.output, None);
}

#[test]
fn each_event_has_its_base() {
    let base = |event: &str| {
        let more = [
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_EVENT_PATH", "/e.json"),
        ];
        environment(&[&GITHUB[..], &more].concat()).base
    };
    let push = BaseHint::Push {
        before: None,
        default_branch: None,
    };
    assert_eq!(base("push"), Some(push));
    assert_eq!(
        base("merge_group"),
        Some(BaseHint::MergeQueue { base: None })
    );
    assert_eq!(
        base("pull_request_target"),
        Some(BaseHint::PullRequestTarget)
    );
    assert_eq!(
        base("schedule"),
        Some(BaseHint::NoChange("the event `schedule`".into()))
    );
}

#[test]
fn the_flavours_of_github_are_told_apart() {
    let found = environment(&[&GITHUB[..], &[("GITEA_ACTIONS", "true")]].concat());
    assert_eq!(found.system, Some(System::Gitea));
    assert_eq!(
        found.run_url.as_deref(),
        Some("https://github.com/owner/repo.x/actions/runs/7")
    );
    assert!(!System::Gitea.shows_annotations() && System::GitHub.shows_annotations());
    let both = [("GITEA_ACTIONS", "true"), ("FORGEJO_ACTIONS", "true")];
    assert_eq!(
        environment(&[&GITHUB[..], &both].concat()).system,
        Some(System::Forgejo)
    );
}

#[test]
fn the_other_systems_are_recognised() {
    let gitlab = environment(&[
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_JOB_URL", "https://gitlab.com/a/-/jobs/1"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", SHA),
    ]);
    assert_eq!(gitlab.system, Some(System::GitLab));
    let merge_request = PullRequest {
        fork_point: Some(SHA.into()),
        ..PullRequest::default()
    };
    assert_eq!(gitlab.base, Some(BaseHint::PullRequest(merge_request)));
    let azure = environment(&[
        ("TF_BUILD", "True"),
        ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/org/"),
        ("SYSTEM_TEAMPROJECT", "my project"),
        ("BUILD_BUILDID", "9"),
        ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main"),
    ]);
    assert_eq!(
        azure.run_url.as_deref(),
        Some("https://dev.azure.com/org/my%20project/_build/results?buildId=9")
    );
    assert_eq!(azure.base, Some(into_branch("refs/heads/main")));
    let buildkite = environment(&[
        ("BUILDKITE", "true"),
        ("CI", "true"),
        ("BUILDKITE_COMMIT", "HEAD"),
        ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main"),
    ]);
    assert_eq!(
        (buildkite.system, buildkite.head_sha),
        (Some(System::Buildkite), None)
    );
    assert_eq!(buildkite.base, Some(into_branch("main")));
    let teamcity = environment(&[("TEAMCITY_VERSION", "2026.1"), ("BUILD_VCS_NUMBER", SHA)]);
    assert_eq!(
        (teamcity.system, teamcity.head_sha.as_deref()),
        (Some(System::TeamCity), Some(SHA))
    );
    let jenkins = environment(&[
        ("JENKINS_URL", "https://j/"),
        ("BUILD_URL", "https://j/job/1/"),
    ]);
    assert_eq!(jenkins.run_url.as_deref(), Some("https://j/job/1/"));
}

#[test]
fn values_that_are_not_what_they_should_be_are_not_believed() {
    let mut hostile = GITHUB;
    hostile[3].1 = "owner/repo\n::error::x";
    hostile[6].1 = "main; rm -rf /";
    let found = environment(&hostile);
    assert_eq!(
        (found.run_url, found.head_sha, found.blob_url),
        (None, None, None)
    );
    for url in [
        "javascript:alert(1)",
        "https://a/\r::error::",
        "https://a/)[x](y",
        "https://a/<b>",
    ] {
        let jenkins = environment(&[("JENKINS_URL", "x"), ("BUILD_URL", url)]);
        assert_eq!(jenkins.run_url, None, "{url}");
    }
}

#[test]
fn the_workspace_may_be_a_part_of_the_checkout() {
    let found = environment(&[("GITHUB_ACTIONS", "true"), ("GITHUB_WORKSPACE", "/w/repo")]);
    let prefix = |path: &str| found.prefix_of(Path::new(path));
    assert_eq!(prefix("/w/repo").as_deref(), Some(""));
    assert_eq!(prefix("/w/repo/a/b").as_deref(), Some("a/b/"));
    assert_eq!(prefix("/w/repository"), None);
    assert_eq!(Environment::default().prefix_of(Path::new("/w")), None);
}

#[cfg(unix)]
#[test]
fn a_path_may_hold_any_byte() {
    use std::os::unix::ffi::OsStringExt as _;
    let found = Environment::from_lookup(&|name| match name {
        "GITHUB_ACTIONS" => Some("true".into()),
        "GITHUB_OUTPUT" | "GITHUB_REPOSITORY" => Some(OsString::from_vec(vec![b'/', 0xff])),
        _ => None,
    });
    assert_eq!(
        found.output,
        Some(PathBuf::from(OsString::from_vec(vec![b'/', 0xff])))
    );
    assert_eq!(found.run_url, None);
}

#[test]
fn each_system_tells_a_change_from_a_job_without_one() {
    let base = |variables: &[(&str, &str)]| environment(variables).base;
    let gitlab = [("GITLAB_CI", "true"), ("CI_COMMIT_SHA", SHA)];
    let merged = [
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_EVENT_TYPE", "merge_train"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
    ];
    let train = PullRequest {
        merge_commit: Some(SHA.into()),
        target: Some("main".into()),
        ..PullRequest::default()
    };
    assert_eq!(
        base(&[&gitlab[..], &merged].concat()),
        Some(BaseHint::PullRequest(train))
    );
    let pushed = [
        ("CI_PIPELINE_SOURCE", "push"),
        ("CI_COMMIT_BEFORE_SHA", SHA),
        ("CI_DEFAULT_BRANCH", "main"),
    ];
    let push = BaseHint::Push {
        before: Some(SHA.into()),
        default_branch: Some("main".into()),
    };
    assert_eq!(base(&[&gitlab[..], &pushed].concat()), Some(push));
    let queue = BaseHint::MergeQueue {
        base: Some(SHA.into()),
    };
    let buildkite = [
        ("BUILDKITE", "true"),
        ("BUILDKITE_MERGE_QUEUE_BASE_COMMIT", SHA),
    ];
    assert_eq!(base(&buildkite), Some(queue));
    let jenkins = [("JENKINS_URL", "https://j/"), ("CHANGE_TARGET", "main")];
    assert_eq!(base(&jenkins), Some(into_branch("main")));
    for variables in [
        [("GITLAB_CI", "1"), ("CI_PIPELINE_SOURCE", "schedule")],
        [("GITLAB_CI", "1"), ("CI_COMMIT_TAG", "v1")],
        [("TF_BUILD", "1"), ("BUILD_REASON", "Schedule")],
        [("BUILDKITE", "1"), ("BUILDKITE_SOURCE", "schedule")],
        [("JENKINS_URL", "x"), ("TAG_NAME", "v1")],
    ] {
        let found = base(&variables);
        assert!(
            matches!(found, Some(BaseHint::NoChange(_))),
            "{variables:?}"
        );
    }
    assert_eq!(base(&[("TEAMCITY_VERSION", "2026.1")]), None);
}
