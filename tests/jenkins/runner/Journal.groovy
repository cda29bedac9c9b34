import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import java.nio.file.Files
import java.nio.file.Path

/**
 * What steps have given, so that a build can go on where its controller died.
 *
 * Jenkins keeps the state of the program itself. Here the program is gone through once more: a step that had ended gives
 * what it gave then and does nothing, a step that was under way is taken up again, and from there everything is new.
 */
class Journal {
    private final Path file
    private final Map<String, Map> former = [:]
    private final Map<String, Integer> counts = [:]

    Journal(Path folder, boolean resumed) {
        file = folder.resolve('journal.jsonl')
        if (resumed && Files.exists(file)) {
            file.toFile().eachLine { line ->
                Map entry = new JsonSlurper().parseText(line)
                former[entry.key] = (former[entry.key] ?: [:]) + entry
            }
        }
    }

    /** Does `work` unless it was done before. It gets what is known of it if it had begun, and a closure that writes such down. */
    Object once(String place, Closure work) {
        String key = next(place)
        Map before = former[key] ?: [:]
        if (before.containsKey('value')) { return before.value }
        if (before.failed) { throw new StepFailed(before.failed as String) }
        if (before.interrupted) { throw new Interrupted(before.interrupted as String, before.result as String) }
        try {
            Object value = work.call(before.began, { Map began -> write(key: key, began: began) })
            write(key: key, value: value)
            return value
        } catch (StepFailed failed) {
            write(key: key, failed: failed.message ?: 'failed')
            throw failed
        } catch (Interrupted interrupted) {
            write(key: key, interrupted: interrupted.message, result: interrupted.result)
            throw interrupted
        }
    }

    /** The same steps come in the same order; branches of `parallel` have stages of their own. */
    private synchronized String next(String place) {
        counts[place] = (counts[place] ?: 0) + 1
        return "$place#${counts[place]}"
    }

    private synchronized void write(Map entry) { file << JsonOutput.toJson(entry) + '\n' }
}
