import org.codehaus.groovy.ast.*
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.control.*

/** `@Library('name@version') _`. */
class Library {
    /** `name@version` if the expression is that declaration, else null. */
    static String pin(Expression expression) {
        def mark = expression instanceof AnnotatedNode ? expression.annotations.find { it.classNode.name == 'Library' } : null
        return mark?.getMember('value')?.text
    }
}
