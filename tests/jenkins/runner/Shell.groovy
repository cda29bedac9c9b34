import org.codehaus.groovy.ast.*
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.control.*

/** Words of a shell script. Enough to find commands and flags; not a shell. */
class Shell {
    /** The commands of a script with their words; quotes are kept, comments are not. */
    static List<List<String>> commands(String text) {
        List<List<String>> commands = [[]]
        String joined = text.replace('\\\n', ' ')
        (joined =~ /"(?:[^"\\]|\\.)*"|'[^']*'|#.*|&&|\|\||[;|&\n]|[^\s;|&'"#]+/).each { word ->
            if (word.startsWith('#')) { return }
            if (word in ['&&', '||', ';', '|', '&', '\n']) { commands << [] } else { commands.last() << word }
        }
        return commands.findAll { it }
    }
}
