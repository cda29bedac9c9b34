import org.codehaus.groovy.ast.*
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.classgen.GeneratorContext
import org.codehaus.groovy.control.*
import org.codehaus.groovy.control.customizers.CompilationCustomizer

/**
 * Sends every call without an object, at any depth of closures, to WorkflowScript.step_.
 *
 * Left to itself a closure answers some calls on its own: `equals` in a `when` is Object.equals, `sleep` is Groovy's, and
 * `call` the closure's. The stage would then run although its condition is false. Methods that the file declares stay.
 */
class Rewrite extends CompilationCustomizer {
    Rewrite() { super(CompilePhase.CONVERSION) }

    @Override
    void call(SourceUnit source, GeneratorContext context, ClassNode node) {
        // The pin of the library is read and checked by Lint; the annotation's class is Jenkins' own.
        source.AST.statementBlock.statements.each { it.expression?.annotations?.clear() }
        node.methods.each { method ->
            method.code?.visit(new Calls(source, node.methods*.name as Set))
            dropLibraryMark(method)
        }
    }

    /** `@Library('x') _` is a declaration of `_`. */
    private static void dropLibraryMark(MethodNode method) {
        if (!(method.code instanceof BlockStatement)) { return }
        method.code.statements.removeAll { it instanceof ExpressionStatement && Library.pin(it.expression) != null }
    }
}
