import org.codehaus.groovy.ast.*
import org.codehaus.groovy.ast.expr.*

/** Finds steps below a statement. */
class StepVisitor extends CodeVisitorSupport {
    private final Lint lint
    private final boolean post

    StepVisitor(Lint lint, boolean post) {
        this.lint = lint
        this.post = post
    }

    @Override
    void visitMethodCallExpression(MethodCallExpression call) {
        if (call.implicitThis && call.methodAsString == 'pipeline') {
            lint.pipeline(call)
        } else {
            if (call.implicitThis) { lint.step(call, post) }
            super.visitMethodCallExpression(call)
        }
    }

    @Override
    void visitConstructorCallExpression(ConstructorCallExpression call) {
        if (lint.strict) { lint.find(call, "new $call.type.name: logic belongs into a binary") }
        super.visitConstructorCallExpression(call)
    }
}
