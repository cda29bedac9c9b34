import groovy.json.JsonSlurper

/**
 * Runs builds for the tests: one line of JSON a request on standard input.
 *
 * {"run": SCENARIO}          a build on a thread of its own; ends with result.json in the build's folder
 * {"abort": FOLDER}          aborts the build with that folder
 * {"crash": FOLDER}          its controller dies; the event "gone" says when. A scenario with "resume": true goes on with it
 * {"lint": FILES, "flags": FLAGS, "plugins": PLUGINS, "library": DIR, "answer": FILE}    what the lint has to say, as JSON
 * {"seed": FILE, "variables": MAP, "answer": FILE}                                      the jobs of a Job DSL file, as JSON
 */
class Main {
    static void main(String[] arguments) {
        Map<String, Engine> builds = [:]
        System.in.eachLine { line ->
            Map request = new JsonSlurper().parseText(line)
            if (request.run) {
                Engine engine = new Engine(request.run)
                builds[engine.build.folder.toString()] = engine
                Thread.startDaemon { engine.run() }
            } else if (request.abort) {
                builds[request.abort].build.abort.expire()
            } else if (request.crash) {
                builds[request.crash].build.gone = true
            } else if (request.lint) {
                Thread.startDaemon { Lint.answer(request) }
            } else if (request.seed) {
                Thread.startDaemon { Seed.answer(request) }
            }
        }
    }
}
