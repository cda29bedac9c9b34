import org.codehaus.groovy.ast.*
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.control.*

/** Rewrites one method. */
class Calls extends ClassCodeExpressionTransformer {
    final SourceUnit sourceUnit
    private final Set<String> own

    Calls(SourceUnit source, Set<String> own) {
        this.sourceUnit = source
        this.own = own
    }

    @Override
    Expression transform(Expression expression) {
        if (expression instanceof ClosureExpression) {
            expression.code.visit(this)
            return expression
        }
        if (expression instanceof MethodCallExpression && expression.implicitThis && !own.contains(expression.methodAsString)) {
            return step(expression)
        }
        return super.transform(expression)
    }

    private Expression step(MethodCallExpression call) {
        List<Expression> arguments = arguments(call.arguments)
        if (call.methodAsString == 'environment' && arguments.size() == 1 && arguments[0] instanceof ClosureExpression) {
            assignments(arguments[0])
        }
        return direct('step_', call, [new ConstantExpression(call.methodAsString), new ListExpression(arguments.collect { transform(it) })])
    }

    private static List<Expression> arguments(Expression arguments) {
        return arguments.expressions.collect {
            it instanceof NamedArgumentListExpression ? new MapExpression(it.mapEntryExpressions) : it
        }
    }

    /** `K = value` in an `environment` block is no assignment but a declaration. */
    private void assignments(ClosureExpression closure) {
        closure.code.statements.findAll { it instanceof ExpressionStatement && it.expression instanceof BinaryExpression }.each {
            BinaryExpression pair = it.expression
            it.expression = direct('variable_', pair, [new ConstantExpression(pair.leftExpression.text), pair.rightExpression])
        }
    }

    /** A call on the script itself: inside a closure an explicit `this` passes it by. */
    private static MethodCallExpression direct(String name, ASTNode place, List<Expression> arguments) {
        def made = new MethodCallExpression(VariableExpression.THIS_EXPRESSION, name, new ArgumentListExpression(arguments))
        made.implicitThis = false
        made.sourcePosition = place
        return made
    }
}
