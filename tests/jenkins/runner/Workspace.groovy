import java.nio.file.FileSystems
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption

/** Files of a workspace and of the builds' folder. */
class Workspace {
    /** WORKSPACE_TMP. */
    static Path temporary(Path workspace) { workspace.resolveSibling("${workspace.fileName}@tmp") }

    /** Files that an Ant pattern list of Jenkins matches, relative, sorted. */
    static List<String> find(Path root, String includes, String excludes = '') {
        def matchers = { String list -> list.split(',')*.trim().findAll().collect { FileSystems.default.getPathMatcher("glob:$it") } }
        def (wanted, left) = [matchers(includes), matchers(excludes ?: '')]
        List<String> found = []
        if (Files.isDirectory(root)) {
            root.toFile().eachFileRecurse(groovy.io.FileType.FILES) {
                Path path = root.relativize(it.toPath())
                if (wanted.any { m -> m.matches(path) } && !left.any { m -> m.matches(path) }) { found << path.toString() }
            }
        }
        return found.sort()
    }

    /** Copies files to another root, with their modes and dates. */
    static void copy(Path from, Path to, List<String> files) {
        files.each {
            Path target = to.resolve(it)
            Files.createDirectories(target.parent)
            Files.copy(from.resolve(it), target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES)
        }
    }
}
