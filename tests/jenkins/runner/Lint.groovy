import groovy.json.JsonOutput
import org.codehaus.groovy.ast.*
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.control.*

/**
 * Rules of Jenkins and of this house on the syntax tree of a Jenkinsfile or of a file in vars/.
 *
 * Structure is what Jenkins itself would refuse; Runner looks at it before it runs anything. The rest is ours.
 */
class Lint {
    private final List<String> findings = []
    private final File file
    private final Map<String, Map<String, List<String>>> flags
    private final Collection<String> plugins
    private final Collection<String> variables
    private Set<String> own = []

    private Lint(File file, Map flags, Collection<String> plugins, Collection<String> variables) {
        this.file = file
        this.flags = flags
        this.plugins = plugins
        this.variables = variables
    }

    /** What Jenkins would refuse. */
    static List<String> structure(File file) { new Lint(file, null, null, null).look() }

    /** Answers a request of a test; see Main. */
    static void answer(Map request) {
        Collection variables = request.library ? new File(request.library as String, 'vars').list().findAll { it.endsWith('.groovy') }*.minus('.groovy') : []
        Map all = request.lint.collectEntries { name ->
            File file = new File(name as String)
            boolean groovy = file.name.endsWith('.groovy') || file.name.contains('Jenkinsfile')
            Lint lint = new Lint(file, request.flags, request.plugins, variables)
            [name, groovy ? lint.look() : lint.shell(file.text, 1, false)]
        }
        File written = new File("${request.answer}.tmp")
        written.text = JsonOutput.toJson(all)
        written.renameTo(new File(request.answer as String))
    }

    private boolean isStrict() { flags != null }

    def find(ASTNode place, String what) { findings << "$file.name:${place?.lineNumber ?: 0}: $what".toString() }

    private List<String> look() {
        CompilationUnit unit = new CompilationUnit()
        unit.addSource(file.name.replaceAll(/\W/, '_') + '.groovy', file.text)
        try {
            unit.compile(Phases.CONVERSION)
        } catch (MultipleCompilationErrorsException error) {
            return ["$file.name: ${error.message.readLines().join(' ')}".toString()]
        }
        ModuleNode module = unit.AST.modules[0]
        own = module.classes[0].methods*.name as Set
        if (strict) {
            module.imports.each { find(it, 'an import: logic belongs into a binary') }
            library(module.statementBlock)
        }
        module.classes.each { node -> node.methods.findAll { it.name != 'main' }.each { method -> method.code?.visit(new StepVisitor(this, false)) } }
        return findings
    }

    private def library(BlockStatement script) {
        script.statements.findAll { it instanceof ExpressionStatement }.each {
            String pin = Library.pin(it.expression)
            if (pin != null && !(pin ==~ /[\w.-]+@(v?\d[\w.-]*|[0-9a-f]{40})/)) { find(it, "library \"$pin\" is not pinned to a version") }
        }
    }

    // --- structure

    def pipeline(MethodCallExpression call) {
        ClosureExpression body = closure(call)
        if (!body) { return find(call, 'pipeline takes a block') }
        Map<String, MethodCallExpression> found = block('pipeline', body, [:])
        ['agent', 'stages'].findAll { !found[it] }.each { find(call, "pipeline lacks \"$it\"") }
        if (!strict) { return }
        Set options = found.options ? names(closure(found.options)) : []
        ['timeout', 'disableConcurrentBuilds', 'buildDiscarder'].findAll { !(it in options) }.each { find(call, "pipeline lacks the option $it") }
    }

    private static Set<String> names(ClosureExpression body) {
        body.code.statements.findAll { it instanceof ExpressionStatement && it.expression instanceof MethodCallExpression }*.expression*.methodAsString as Set
    }

    /** Looks at a block of sections; gives its calls by name. `place` says what holds around it. */
    private Map<String, MethodCallExpression> block(String kind, ClosureExpression body, Map place) {
        Map<String, MethodCallExpression> found = [:]
        Map inner = place + (kind in ['pipeline', 'stage'] && holdsAgent(body) ? [agent: true] : [:])
        body.code.statements.each { statement ->
            MethodCallExpression call = statement instanceof ExpressionStatement && statement.expression instanceof MethodCallExpression ? statement.expression : null
            if (!call || !call.implicitThis) { return find(statement, "$kind: one section a line is expected, and nothing else") }
            String name = call.methodAsString
            if (!Catalog.SECTIONS[kind].contains(name)) { return find(call, "$kind: unknown section or directive \"$name\"") }
            if (kind != 'when' && kind != 'stages' && kind != 'parallel' && kind != 'parameters' && found[name]) { find(call, "$kind: more than one \"$name\"") }
            found[name] = call
            section(kind, name, call, name == 'input' ? place : inner)
        }
        if (kind == 'stages' && !found) { find(body, 'stages: no stage') }
        if (kind == 'when' && !found.any { !it.key.startsWith('before') }) { find(body, 'when: no condition') }
        return found
    }

    private static boolean holdsAgent(ClosureExpression body) {
        body.code.statements.any {
            it instanceof ExpressionStatement && it.expression instanceof MethodCallExpression && it.expression.methodAsString == 'agent' &&
                it.expression.arguments.expressions[0].text != 'none'
        }
    }

    private def section(String kind, String name, MethodCallExpression call, Map place) {
        ClosureExpression body = closure(call)
        if (name == 'environment' && kind != 'when') { return environment(body, kind == 'pipeline') }
        if (name == 'stage') { return stage(call, body, place) }
        if (name == 'input' && place.agent && strict) { find(call, 'input while an agent is held: people think for hours') }
        if (kind == 'post') { return steps(body, true) }
        if (name == 'steps') { return steps(body, false) }
        if (name == 'expression') { return body.code.visit(new StepVisitor(this, false)) }
        if (name in ['not', 'allOf', 'anyOf']) { block('when', body, place) }
        if (name in ['stages', 'parallel', 'agent', 'input', 'parameters', 'triggers', 'when', 'post'] && body) { block(name, body, place) }
        if (name == 'options') { block(kind == 'pipeline' ? 'options' : 'stageOptions', body, place) }
        if (kind in ['options', 'stageOptions'] && Catalog.OPTIONS[name]) { plugin(call, Catalog.OPTIONS[name]) }
    }

    private def stage(MethodCallExpression call, ClosureExpression body, Map place) {
        Expression name = call.arguments.expressions[0]
        if (!(name instanceof ConstantExpression) || !body) { return find(call, 'a stage has a constant name and a block') }
        Map found = block('stage', body, place)
        List bodies = Catalog.BODIES.findAll { found[it] }
        if (bodies.size() != 1) { find(call, "stage \"$name.text\" needs exactly one of ${Catalog.BODIES.join(', ')}, has ${bodies ?: 'none'}") }
    }

    private def environment(ClosureExpression body, boolean top) {
        body.code.statements.each {
            Expression expression = it instanceof ExpressionStatement ? it.expression : null
            boolean pair = expression instanceof BinaryExpression && expression.operation.text == '='
            Expression value = pair ? expression.rightExpression : null
            if (!pair || !(value instanceof ConstantExpression || value instanceof GStringExpression || value instanceof MethodCallExpression)) {
                return find(it, 'environment: NAME = \'text\', "text" or a call is expected')
            }
            if (top && strict && value instanceof MethodCallExpression && value.methodAsString == 'credentials') {
                find(it, 'credentials for the whole pipeline: bind them around the one sh that needs them')
            }
        }
    }

    private def steps(ClosureExpression body, boolean post) {
        if (!body) { return }
        if (!body.code.statements) { find(body, 'no steps') }
        body.code.statements.findAll { !(it instanceof ExpressionStatement && it.expression instanceof MethodCallExpression) }.each {
            find(it, 'steps: only steps are expected here; other Groovy goes into script')
        }
        body.code.visit(new StepVisitor(this, post))
    }

    static ClosureExpression closure(MethodCallExpression call) { call.arguments.expressions.find { it instanceof ClosureExpression } }

    // --- steps

    def step(MethodCallExpression call, boolean post) {
        String name = call.methodAsString
        if (own.contains(name) || Catalog.VALUES.containsKey(name) || variables?.contains(name)) { return }
        if (!Catalog.STEPS.containsKey(name)) { return strict || name == null ? find(call, "unknown step \"$name\"") : null }
        Map<String, Expression> named = named(call)
        String wrong = Catalog.wrongParameter(name, named.keySet())
        if (wrong) { find(call, wrong) }
        if (!strict) { return }
        plugin(call, Catalog.STEPS[name][0])
        if (name == 'input') { find(call, 'input as a step holds an agent: use the directive of a stage') }
        if (name == 'sh') { script(call, named.script ?: call.arguments.expressions.find { it instanceof ConstantExpression || it instanceof GStringExpression || it instanceof VariableExpression }, post) }
    }

    private static Map<String, Expression> named(MethodCallExpression call) {
        call.arguments.expressions.findAll { it instanceof MapExpression }*.mapEntryExpressions.flatten().collectEntries { [it.keyExpression.text, it.valueExpression] }
    }

    private def script(MethodCallExpression call, Expression script, boolean post) {
        if (!(script instanceof ConstantExpression)) { return find(call, 'sh: the script must be one constant text; values go through the environment') }
        shell(script.text, call.lineNumber, post)
    }

    private def plugin(ASTNode place, String plugin) {
        String installed = Catalog.BROUGHT_BY[plugin] ?: plugin
        if (strict && installed != 'core' && !plugins.contains(installed)) { find(place, "plugin $installed is not in plugins.txt") }
    }

    // --- shell

    /** Rules for a shell script: flags exist; under Jenkins a deploying command is the last one. */
    private List<String> shell(String text, int line, boolean post) {
        ASTNode place = new ASTNode(lineNumber: line)
        List<List<String>> commands = Shell.commands(text)
        commands.eachWithIndex { List<String> words, int index ->
            boolean exec = words[0] == 'exec'
            String program = exec ? words[1] : words[0]
            if (!flags.containsKey(program)) { return }
            words.drop(exec ? 2 : 1).with { arguments(place, program, it) }
            if (!inJenkins) { return }
            if (post) { find(place, "post reports; it does not run $program") }
            if (!exec || index != commands.size() - 1) { find(place, "$program must be the last command of its sh, by exec: an abort would start what comes after it") }
        }
        return findings
    }

    private boolean isInJenkins() { file.name.endsWith('.groovy') || file.name.contains('Jenkinsfile') }

    private def arguments(ASTNode place, String program, List<String> words) {
        String verb = words.find { flags[program].containsKey(it) } ?: ''
        words.takeWhile { it != '--' }.findAll { it ==~ /--?[a-zA-Z][\w-]*(=.*)?/ }.each { word ->
            String flag = word.replaceFirst(/=.*/, '')
            if (!flags[program][verb].contains(flag)) { find(place, "${[program, verb].findAll().join(' ')} has no flag $flag") }
        }
    }
}
