import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.Paths
import java.nio.file.attribute.PosixFilePermissions

/** The credentials store, and what binding one of them does to a step's environment. */
class Credentials {
    private final Build build

    Credentials(Build build) { this.build = build }

    /** `withCredentials`: variables and files are there for `body` only, and masked in the log for ever. */
    Object bind(List<Map> bindings, Closure body) {
        Scope scope = Scope.current().needsAgent('withCredentials')
        Path folder = Files.createDirectories(Workspace.temporary(scope.workspace).resolve("secretFiles/${UUID.randomUUID()}"))
        try {
            Map added = bindings.collectEntries { binding -> binding.collectMany { kind, arguments -> variables(kind, arguments[0], folder).entrySet() as List }.collectEntries { [it.key, it.value] } }
            return Scope.with(environment: scope.environment + added, body)
        } finally {
            folder.toFile().deleteDir()
        }
    }

    /** `environment { K = credentials('id') }`. */
    Map<String, String> asVariables(String key, String id) {
        Map found = find(id)
        if (found.kind == 'usernamePassword') {
            Map all = [(key): "$found.username:$found.password", ("${key}_USR".toString()): found.username, ("${key}_PSW".toString()): found.password]
            build.mask(all[key].toString())
            build.mask(found.password as String)
            return all.collectEntries { [it.key.toString(), it.value.toString()] }
        }
        if (found.kind != 'string') { throw new StepFailed("credentials('$id') in environment: $found.kind is bound by withCredentials here") }
        build.mask(found.secret as String)
        return [(key): found.secret as String]
    }

    private Map find(String id) {
        Map found = build.scenario.credentials?.get(id)
        if (!found) { throw new StepFailed("CredentialNotFoundException: Could not find credentials entry with ID '$id'") }
        return found
    }

    private Map<String, String> variables(String kind, Map arguments, Path folder) {
        Map found = find(arguments.credentialsId)
        String expected = [sshUserPrivateKey: 'ssh', string: 'string', usernamePassword: 'usernamePassword', file: 'file'][kind]
        if (found.kind != expected) { throw new StepFailed("Credentials '$arguments.credentialsId' is of kind $found.kind where $expected was expected") }
        Map all = [:]
        switch (kind) {
            case 'sshUserPrivateKey':
                all[arguments.keyFileVariable] = secretFile(folder, found.keyFile as String, "ssh-key-$arguments.keyFileVariable")
                if (arguments.usernameVariable) { all[arguments.usernameVariable] = found.username }
                if (arguments.passphraseVariable) { all[arguments.passphraseVariable] = found.passphrase ?: '' }
                build.mask(found.passphrase as String)
                break
            case 'file': all[arguments.variable] = secretFile(folder, found.file as String, 'secret'); break
            case 'string': all[arguments.variable] = found.secret; build.mask(found.secret as String); break
            case 'usernamePassword':
                all[arguments.usernameVariable] = found.username
                all[arguments.passwordVariable] = found.password
                build.mask(found.password as String)
        }
        return all.collectEntries { [it.key.toString(), it.value.toString()] }
    }

    private String secretFile(Path folder, String source, String name) {
        Path file = folder.resolve(name)
        Files.copy(Paths.get(source), file)
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString('r--------'))
        build.mask(file.text)
        build.mask(file.toString())
        return file.toString()
    }
}
