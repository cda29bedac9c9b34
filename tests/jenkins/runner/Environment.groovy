/** `env`. */
class Environment {
    private final Build build

    Environment(Build build) { this.build = build }

    Object getProperty(String name) { Scope.current().environment[name] ?: build.environment[name] }

    void setProperty(String name, Object value) { build.environment[name] = "$value".toString() }
}
