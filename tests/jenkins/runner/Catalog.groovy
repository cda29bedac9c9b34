/** The words of Declarative Pipeline and of the plugins that jenkins/plugins.txt names. Everything else is an error. */
class Catalog {
    static final Map<String, List<String>> SECTIONS = [
        pipeline: ['agent', 'environment', 'options', 'parameters', 'triggers', 'stages', 'post'],
        stages: ['stage'],
        stage: ['agent', 'environment', 'options', 'input', 'when', 'steps', 'stages', 'parallel', 'failFast', 'post'],
        parallel: ['stage'],
        agent: ['label', 'node'],
        input: ['message', 'id', 'ok', 'submitter', 'submitterParameter', 'parameters'],
        parameters: ['string', 'text', 'choice', 'booleanParam'],
        triggers: ['cron', 'pollSCM', 'upstream'],
        when: ['branch', 'buildingTag', 'changeRequest', 'environment', 'equals', 'expression', 'tag', 'not', 'allOf', 'anyOf',
               'beforeAgent', 'beforeInput', 'beforeOptions'],
        post: ['always', 'changed', 'fixed', 'regression', 'aborted', 'success', 'unsuccessful', 'unstable', 'failure', 'notBuilt', 'cleanup'],
        options: ['buildDiscarder', 'checkoutToSubdirectory', 'copyArtifactPermission', 'disableConcurrentBuilds', 'disableResume', 'lock',
                  'preserveStashes', 'quietPeriod', 'retry', 'skipDefaultCheckout', 'skipStagesAfterUnstable', 'timeout', 'timestamps'],
        stageOptions: ['lock', 'retry', 'skipDefaultCheckout', 'timeout', 'timestamps'],
    ]

    /** Conditions in which Jenkins takes names only; a stage has exactly one of these. */
    static final List<String> BODIES = ['steps', 'stages', 'parallel']

    /** Step: the plugin it comes from, and its named parameters; the first one is what a lone value means. */
    static final Map<String, List> STEPS = [
        archiveArtifacts: ['core', 'artifacts', 'allowEmptyArchive', 'excludes', 'fingerprint', 'onlyIfSuccessful', 'followSymlinks'],
        catchError: ['workflow-basic-steps', 'buildResult', 'stageResult', 'message', 'catchInterruptions'],
        checkout: ['workflow-scm-step', 'scm'],
        copyArtifacts: ['copyartifact', 'projectName', 'selector', 'filter', 'excludes', 'target', 'flatten', 'optional', 'fingerprintArtifacts'],
        deleteDir: ['workflow-basic-steps'],
        dir: ['workflow-basic-steps', 'path'],
        echo: ['workflow-basic-steps', 'message'],
        error: ['workflow-basic-steps', 'message'],
        fileExists: ['workflow-basic-steps', 'file'],
        input: ['pipeline-input-step', 'message', 'id', 'ok', 'submitter'],
        junit: ['junit', 'testResults', 'allowEmptyResults', 'keepLongStdio', 'skipPublishingChecks', 'skipMarkingBuildUnstable'],
        lock: ['lockable-resources', 'resource', 'label', 'quantity', 'inversePrecedence', 'skipIfLocked'],
        milestone: ['pipeline-milestone-step', 'ordinal', 'label'],
        parallel: ['workflow-cps', '*'],
        readFile: ['workflow-basic-steps', 'file', 'encoding'],
        retry: ['workflow-basic-steps', 'count', 'conditions'],
        script: ['pipeline-model-definition'],
        sh: ['workflow-durable-task-step', 'script', 'returnStatus', 'returnStdout', 'label', 'encoding'],
        sleep: ['workflow-basic-steps', 'time', 'unit'],
        stash: ['workflow-basic-steps', 'name', 'includes', 'excludes', 'allowEmpty', 'useDefaultExcludes'],
        timeout: ['workflow-basic-steps', 'time', 'unit', 'activity'],
        unstable: ['workflow-basic-steps', 'message'],
        unstash: ['workflow-basic-steps', 'name'],
        withCredentials: ['credentials-binding', 'bindings'],
        withEnv: ['workflow-basic-steps', 'overrides'],
        writeFile: ['workflow-basic-steps', 'file', 'text', 'encoding'],
    ]

    /** Calls that only describe something to the step or option around them. */
    static final Map<String, String> VALUES = [
        agent: 'workflow-durable-task-step', credentials: 'credentials-binding', file: 'plain-credentials', logRotator: 'core',
        nonresumable: 'workflow-durable-task-step', specific: 'copyartifact', sshUserPrivateKey: 'credentials-binding',
        string: 'credentials-binding', usernamePassword: 'credentials-binding',
    ]

    /** Options that a plugin brings. */
    static final Map<String, String> OPTIONS = [copyArtifactPermission: 'copyartifact', lock: 'lockable-resources', timestamps: 'timestamper']

    /** What `workflow-aggregator` and the plugins themselves bring along. */
    static final Map<String, String> BROUGHT_BY = [
        'workflow-basic-steps': 'workflow-aggregator', 'workflow-scm-step': 'workflow-aggregator', 'workflow-cps': 'workflow-aggregator',
        'workflow-durable-task-step': 'workflow-aggregator', 'pipeline-input-step': 'workflow-aggregator',
        'pipeline-milestone-step': 'workflow-aggregator', 'pipeline-model-definition': 'workflow-aggregator',
        'plain-credentials': 'credentials-binding',
    ]

    /** What is wrong with these parameters of a step, or null. */
    static String wrongParameter(String step, Collection<String> names) {
        List known = STEPS[step].drop(1)
        String wrong = known.contains('*') ? null : names.find { !known.contains(it) }
        return wrong ? "step $step has no parameter \"$wrong\"" : null
    }
}
