/** Runs a `pipeline` block: its sections in Jenkins' own order, whatever their order in the file. */
class Declarative {
    /** In which order conditions of `post` are looked at. */
    static final List<String> POST = Catalog.SECTIONS.post

    private final Engine engine
    private final Build build
    private final When when
    private boolean skipAfterUnstable

    Declarative(Engine engine) {
        this.engine = engine
        build = engine.build
        when = new When(engine, this)
    }

    void pipeline(Closure body) {
        Map sections = sections(body, 'pipeline')
        parameters(sections.parameters)
        Stage whole = new Stage(name: 'pipeline')
        Map scope = [stage: whole, environment: engine.baseEnvironment(), deadlines: [build.abort]]
        Scope.with(scope) {
            options(sections.options, 'options') {
                withAgent(sections.agent) {
                    Scope.with(environment: environment(sections.environment)) {
                        try {
                            run { stages(sections.stages[0], true) }
                        } finally {
                            post(sections.post, { build.result ?: 'SUCCESS' })
                        }
                    }
                }
            }
        }
    }

    /** The sections of a block by name; each at most once. */
    private Map<String, List> sections(Closure body, String where) {
        Map<String, List> found = [:]
        collect(body, where).each { call ->
            if (found.containsKey(call.name)) { throw new StepFailed("Multiple occurrences of the $call.name section") }
            found[call.name] = call.arguments
        }
        return found
    }

    /** Every call in a block, in order; an unknown word is an error. */
    List<Map> collect(Closure body, String where) {
        List<Map> calls = []
        Scope.with(handler: { String name, List arguments ->
            if (Catalog.VALUES.containsKey(name) && !Catalog.SECTIONS[where].contains(name)) { return [(name): arguments] }
            if (name != '=' && !Catalog.SECTIONS[where].contains(name)) { throw new StepFailed("Unknown section or directive \"$name\" in $where") }
            calls << [name: name, arguments: arguments]
            return null
        }) { body.call() }
        return calls
    }

    private def parameters(List section) {
        if (!section) { return }
        collect(section[0], 'parameters').each { call ->
            Map definition = call.arguments[0]
            Object given = build.scenario.parameters?.get(definition.name)
            Object value = given == null ? (call.name == 'choice' ? definition.choices[0] : definition.defaultValue) : given
            if (call.name == 'choice' && !definition.choices.contains(value)) {
                throw new StepFailed("Illegal choice for parameter $definition.name: $value")
            }
            build.parameters[definition.name] = call.name == 'booleanParam' ? "$value" == 'true' : value
        }
    }

    private Map<String, String> environment(List section) {
        Map<String, String> all = new LinkedHashMap(Scope.current().environment)
        if (!section) { return all }
        Scope.with(environment: all, handler: { String name, List arguments ->
            if (name == 'credentials') { return [credentials: arguments[0]] }
            if (name != '=') { throw new StepFailed("environment: \"$name\" is no declaration") }
            def (String key, Object value) = arguments
            if (value instanceof Map && value.credentials) {
                all.putAll(engine.credentials.asVariables(key, value.credentials as String))
            } else {
                all[key] = "$value".toString()
            }
        }) { section[0].call() }
        return all
    }

    /** `agent`; checks the source out, as Jenkins does by itself. */
    private def withAgent(List section, Closure body) {
        if (!section || section[0] == 'none') { return body.call() }
        String label = section[0] == 'any' ? '' : collect(section[0], 'agent').collect { it.arguments[0] instanceof Map ? it.arguments[0].label : it.arguments[0] }[0]
        engine.agents.hold(label) {
            if (!engine.skipsCheckout) {
                build.journal.once("checkout of ${Scope.current().stage.name}".toString()) { Map began, Closure begin ->
                    engine.agents.checkout()
                    return null
                }
            }
            Scope.with(environment: Scope.current().environment + engine.agents.variables(), body)
        }
    }

    private void options(List section, String kind, Closure body) {
        List<Map> calls = section ? collect(section[0], kind) : []
        calls.each { call ->
            switch (call.name) {
                case 'timestamps': build.timestamps = true; break
                case 'preserveStashes': build.keepsStashes = true; break
                case 'skipDefaultCheckout': engine.skipsCheckout = !call.arguments || call.arguments[0]; break
                case 'skipStagesAfterUnstable': skipAfterUnstable = true; break
                case 'disableConcurrentBuilds': build.event(at: 'option', name: call.name); break
            }
        }
        calls.findAll { it.name in ['timeout', 'lock', 'retry'] }.reverse().inject(body) { inner, call ->
            return { engine.steps.handler.call(call.name, call.arguments + inner) }
        }.call()
    }

    /** Marks result and stage of what failed, and lets it go on. */
    private void run(Closure body) {
        try {
            body.call()
        } catch (Throwable error) {
            Throwable cause = error instanceof java.lang.reflect.UndeclaredThrowableException ? error.cause : error
            String result = cause instanceof Interrupted ? cause.result : 'FAILURE'
            build.worsen(result)
            Scope.current().stage.worsen(result)
            if (!build.reported(cause)) {
                build.log(cause instanceof StepFailed || cause instanceof Interrupted ? "ERROR: $cause.message" : "ERROR: $cause")
            }
            throw cause
        }
    }

    /** The stages of a block one after the other; after an error the rest is skipped. */
    private void stages(Closure body, boolean top) {
        Throwable first = null
        boolean reached = !(top && build.scenario.restartFrom)
        collect(body, 'stages').each { call ->
            def (String name, Closure stage) = call.arguments
            reached = reached || name == build.scenario.restartFrom
            boolean unstable = skipAfterUnstable && build.result == 'UNSTABLE'
            if (first || !reached || unstable) {
                String why = first ? 'earlier failure(s)' : unstable ? 'unstable' : 'restart'
                build.log("Stage \"$name\" skipped due to $why")
                build.event(at: 'stage', name: name, status: 'skipped', why: why)
                return
            }
            try {
                this.stage(name, stage)
            } catch (Throwable error) {
                first = error
            }
        }
        if (!reached) { throw new StepFailed("there is no stage $build.scenario.restartFrom to restart from") }
        if (first) { throw first }
    }

    private void stage(String name, Closure body) {
        Map sections = sections(body, 'stage')
        List bodies = Catalog.BODIES.findAll { sections.containsKey(it) }
        if (bodies.size() != 1) { throw new StepFailed("stage \"$name\" needs exactly one of ${Catalog.BODIES}, has $bodies") }
        Stage stage = new Stage(name: name, parent: Scope.current().stage)
        Map condition = when.read(sections.when)
        boolean ran = false
        Closure guard = { String before -> { Closure inner -> if (!condition || condition.before != before || condition.holds()) { inner.call() } } }
        // From the outside in.
        List<Closure> blocks = [
            guard('beforeOptions'),
            { Closure inner -> options(sections.options, 'stageOptions', inner) },
            guard('beforeInput'),
            { Closure inner -> input(sections.input, inner) },
            guard('beforeAgent'),
            { Closure inner -> withAgent(sections.agent, inner) },
            { Closure inner -> Scope.with(environment: environment(sections.environment), inner) },
            guard(''),
        ]
        Closure all = blocks.reverse().inject({ ran = true; inside(stage, sections) }) { inner, block -> { -> block.call(inner) } }
        Scope.with(stage: stage, environment: Scope.current().environment + [STAGE_NAME: name]) {
            try {
                run(all)
            } catch (Throwable error) {
                build.event(at: 'stage', name: name, status: stage.result, why: error.message)
                throw error
            }
        }
        if (!ran) { build.log("Stage \"$name\" skipped due to when conditional") }
        build.event(at: 'stage', name: name, status: ran ? stage.result : 'skipped', why: ran ? null : 'when')
    }

    private void inside(Stage stage, Map sections) {
        build.log("[Pipeline] { ($stage.name)")
        build.event(at: 'stage', name: stage.name, status: 'started')
        try {
            run {
                if (sections.steps) {
                    Scope.with(handler: engine.steps.handler, sections.steps[0])
                } else if (sections.stages) {
                    stages(sections.stages[0], false)
                } else {
                    parallel(sections.parallel[0], sections.failFast?.getAt(0) ?: false)
                }
            }
        } finally {
            post(sections.post, { stage.result })
        }
    }

    private void parallel(Closure body, boolean failFast) {
        Map branches = [:]
        collect(body, 'parallel').each { call -> branches[call.arguments[0]] = { this.stage(call.arguments[0], call.arguments[1]) } }
        engine.steps.together(branches, failFast)
    }

    private void input(List section, Closure body) {
        if (section) {
            Map values = collect(section[0], 'input').collectEntries { [it.name, it.arguments[0]] }
            engine.steps.input(values)
        }
        body.call()
    }

    private void post(List section, Closure<String> result) {
        if (!section) { return }
        Map conditions = collect(section[0], 'post').collectEntries { [it.name, it.arguments[0]] }
        String now = result.call()
        String before = build.scenario.previousResult
        Map holds = [
            always: true, cleanup: true, aborted: now == 'ABORTED', success: now == 'SUCCESS', unsuccessful: now != 'SUCCESS',
            unstable: now == 'UNSTABLE', failure: now == 'FAILURE', notBuilt: now == 'NOT_BUILT',
            changed: before != null && before != now,
            fixed: now == 'SUCCESS' && before in ['FAILURE', 'UNSTABLE'],
            regression: now in ['FAILURE', 'UNSTABLE', 'ABORTED'] && before == 'SUCCESS',
        ]
        // Reports are made also after an abort, so its wish is not passed on.
        Scope.with(handler: engine.steps.handler, deadlines: []) {
            POST.findAll { conditions[it] && holds[it] }.each { name ->
                build.event(at: 'post', stage: Scope.current().stage.name, condition: name)
                try {
                    run { conditions[name].call() }
                } catch (Throwable error) {
                    build.log("Error when executing $name post condition: $error.message")
                }
            }
        }
    }
}
