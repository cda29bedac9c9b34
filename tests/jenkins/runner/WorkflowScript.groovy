/** What a Jenkinsfile and the files in vars/ are compiled to. */
abstract class WorkflowScript extends Script {
    /** Every call without an object arrives here, see Rewrite. */
    Object step_(String name, List arguments) { Scope.current().handler.call(name, arguments) }

    /** A declaration in `environment`. */
    void variable_(String name, Object value) { Scope.current().handler.call('=', [name, value]) }

    /** Variables of the environment can be read by their bare name. */
    Object propertyMissing(String name) {
        Map environment = Scope.current().environment
        if (!environment.containsKey(name)) {
            throw new StepFailed("groovy.lang.MissingPropertyException: No such property: $name for class: groovy.lang.Binding")
        }
        return environment[name]
    }
}
