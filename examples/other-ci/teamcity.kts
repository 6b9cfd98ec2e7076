// For .teamcity/settings.kts. factory-gate is installed on the agent. A build of the change's merge branch is what to
// require; the exit code fails it, and inspections show where.
import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "2025.07"

project {
    buildType(Gate)
}

object Gate : BuildType({
    name = "gate"
    artifactRules = "factory_deployment.db"
    publishArtifacts = PublishMode.ALWAYS
    vcs { root(DslContext.settingsRoot) }
    steps {
        script {
            name = "Gate"
            scriptContent = "factory-gate run . --report teamcity=gate.teamcity"
        }
        script {
            name = "Show the findings"
            executionMode = BuildStep.ExecutionMode.ALWAYS
            scriptContent = "cat gate.teamcity"
        }
    }
})
