import java.nio.file.FileSystems
import java.nio.file.Paths

/** `when`: conditions are read as data first, and only looked at when it is their turn. */
class When {
    private final Engine engine
    private final Declarative declarative

    When(Engine engine, Declarative declarative) {
        this.engine = engine
        this.declarative = declarative
    }

    /** Null without a `when`; else `before` (which flag is set, or '') and `holds`. */
    Map read(List section) {
        if (!section) { return null }
        List<Map> calls = declarative.collect(section[0], 'when')
        List<Map> flags = calls.findAll { it.name.startsWith('before') && it.arguments[0] }
        List<Map> conditions = calls.findAll { !it.name.startsWith('before') }
        if (!conditions) { throw new StepFailed('Empty when closure, remove the property or add some content.') }
        String first = ['beforeOptions', 'beforeInput', 'beforeAgent'].find { flag -> flags.any { it.name == flag } } ?: ''
        return [before: first, holds: { conditions.every { holds(it) } }]
    }

    private boolean holds(Map condition) {
        Map environment = Scope.current().environment
        Object argument = condition.arguments ? condition.arguments[0] : null
        switch (condition.name) {
            case 'not': return !nested(argument)[0]
            case 'allOf': return nested(argument).every()
            case 'anyOf': return nested(argument).any()
            case 'expression': return Scope.with(handler: engine.steps.handler) { argument.call() } as boolean
            case 'equals': return argument.expected == argument.actual
            case 'environment': return environment[argument.name] == argument.value
            case 'branch': return matches(environment.BRANCH_NAME, argument)
            case 'tag': return matches(environment.TAG_NAME, argument)
            case 'buildingTag': return environment.TAG_NAME != null
            case 'changeRequest': return environment.CHANGE_ID != null && (!argument?.target || environment.CHANGE_TARGET == argument.target)
        }
        throw new StepFailed("when: unknown condition $condition.name")
    }

    private List<Boolean> nested(Closure body) {
        List<Map> conditions = declarative.collect(body, 'when')
        if (!conditions) { throw new StepFailed('Empty when closure, remove the property or add some content.') }
        return conditions.collect { holds(it) }
    }

    private static boolean matches(String value, Object pattern) {
        String glob = pattern instanceof Map ? pattern.pattern : pattern
        return value != null && FileSystems.default.getPathMatcher("glob:$glob").matches(Paths.get(value))
    }
}
