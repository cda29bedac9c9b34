import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.Paths

/** Agents and their workspaces, and the checkout that Declarative makes by itself. */
class Agents {
    private final Build build
    private final Set<Path> taken = Collections.synchronizedSet([] as Set)

    Agents(Build build) { this.build = build }

    /** Runs `body` in a workspace of an agent with these labels. */
    void hold(String label, Closure body) {
        List<String> labels = (build.scenario.labels ?: 'linux deploy').tokenize()
        if (label && !label.split('&&')*.trim().every { labels.contains(it) }) {
            throw new StepFailed("There are no nodes with the label '$label'; the build would wait for ever")
        }
        Path workspace = allocate()
        Files.createDirectories(Workspace.temporary(workspace))
        build.event(at: 'agent', workspace: workspace.toString())
        try {
            Scope.with([workspace: workspace, directory: workspace], body)
        } finally {
            taken.remove(workspace)
        }
    }

    /** The next free of `ws`, `ws@2`, ...: a workspace in use is not shared. */
    private synchronized Path allocate() {
        Path base = Paths.get(build.scenario.workspace as String)
        Path free = [base, *(2..9).collect { base.resolveSibling("${base.fileName}@$it") }].find { !taken.contains(it) }
        taken << free
        return Files.createDirectories(free)
    }

    /** Variables of the node and of git. */
    Map<String, String> variables() {
        Path workspace = Scope.current().workspace
        Map all = [WORKSPACE: workspace.toString(), WORKSPACE_TMP: Workspace.temporary(workspace).toString(), NODE_NAME: 'agent1', EXECUTOR_NUMBER: '0']
        return all + (build.scenario.git && new File(workspace.toFile(), '.git').exists() ? gitVariables(workspace) : [:])
    }

    private Map<String, String> gitVariables(Path workspace) {
        String commit = git(workspace, 'rev-parse', 'HEAD').trim()
        return [GIT_COMMIT: commit, GIT_BRANCH: "origin/${build.scenario.git.branch}".toString(), GIT_URL: build.scenario.git.url as String]
    }

    /** What the git plugin does: fetch, and the commit's files over what is there; what git does not know stays. */
    void checkout() {
        Map scm = build.scenario.git
        if (!scm) { return }
        Path workspace = Scope.current().workspace
        build.log("Checking out $scm.branch")
        if (!Files.exists(workspace.resolve('.git'))) { git(workspace, 'init', '--quiet') }
        git(workspace, 'fetch', '--quiet', scm.url as String, scm.branch as String)
        git(workspace, 'checkout', '--quiet', '--force', '--detach', 'FETCH_HEAD')
    }

    private String git(Path workspace, String... arguments) {
        def builder = new ProcessBuilder(['git', *arguments] as String[]).directory(workspace.toFile()).redirectErrorStream(true)
        builder.environment().putAll([GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1'])
        Process process = builder.start()
        process.outputStream.close()
        String said = process.inputStream.text
        if (process.waitFor() != 0) { throw new StepFailed("git ${arguments.join(' ')}: $said") }
        return said
    }
}
