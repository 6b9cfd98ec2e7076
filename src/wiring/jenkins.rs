//! A `Jenkinsfile`: a program, of which only the lines are looked at that run the gate.

use super::{Advice, Examination, File, Gate, Weight, shell};

pub(super) fn examine(file: &File, examination: &mut Examination) {
    let text = String::from_utf8_lossy(&file.bytes).into_owned();
    for (number, line) in text.lines().enumerate() {
        let line_number = u32::try_from(number + 1).unwrap_or(u32::MAX);
        let Some(call) = shell::call(line) else {
            continue;
        };
        examination.gates.push(Gate {
            file: file.path.clone(),
            line: line_number,
            system: "jenkins",
            job: String::new(),
            uses: None,
            sees_changes: true,
            check_name: "(the pipeline)".into(),
            is_computed: false,
        });
        let mut advise = |weight, check, message: String, change: &str| {
            examination.advice.push(Advice {
                file: file.path.clone(),
                line: line_number,
                weight,
                check,
                message,
                change: change.to_owned(),
            });
        };
        if let Some(swallowed) = call.swallowed {
            advise(
                Weight::Wrong,
                "exit-code",
                format!("`{swallowed}`: the stage succeeds whatever the gate says"),
                "let the gate's exit code be the step's",
            );
        }
        let names_code = text.contains("returnStatus: true")
            && !["error(", "error ", "currentBuild.result", "unstable("]
                .iter()
                .any(|word| text.contains(word));
        if names_code {
            advise(
                Weight::Wrong,
                "exit-code",
                "`returnStatus: true`, and nothing fails the build by that status".into(),
                "call `error(...)` for every code but 0",
            );
        }
        if !text.contains("archiveArtifacts") {
            advise(
                Weight::Weak,
                "artifact",
                "the record `factory_deployment.db` is not kept".into(),
                "add `archiveArtifacts artifacts: 'factory_deployment.db'` to `post { always { ... } }`",
            );
        }
    }
}
