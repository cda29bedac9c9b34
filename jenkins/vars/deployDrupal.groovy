/** A whole pipeline: build, pack, publish, push, ask, swap; and rollback. See deployDrupal.txt. */
void call(Map args = [:]) {
    pipeline {
        agent none
        options {
            disableConcurrentBuilds()
            timeout(time: 8, unit: 'HOURS')
            timestamps()
            buildDiscarder(logRotator(numToKeepStr: '50', artifactNumToKeepStr: '10'))
            preserveStashes(buildCount: 5)
        }
        parameters {
            choice(name: 'ACTION', choices: ['deploy', 'rollback'], description: 'deploy: what is in this branch. rollback: to a release that the servers still have; nothing is built.')
            string(name: 'RELEASE', defaultValue: '', description: 'rollback: the release, as the build that made it is described; empty: the one before')
            string(name: 'GROUP', defaultValue: '', description: 'A group of the inventory; empty: all hosts, or those that the Jenkinsfile names')
            booleanParam(name: 'DRY_RUN', defaultValue: false, description: 'Build, pack and ask the servers what a push would do there; change nothing')
        }
        stages {
            stage('Release') {
                when {
                    beforeAgent true
                    expression { params.ACTION == 'deploy' }
                }
                agent { label args.label ?: 'linux && deploy' }
                options { timeout(time: 1, unit: 'HOURS') }
                stages {
                    stage('Build') {
                        environment { MKT_BUILD = "${args.build ?: 'composer install --no-dev --no-interaction --no-progress --optimize-autoloader'}" }
                        steps { sh 'git clean -ffdxq && exec sh -ec "$MKT_BUILD"' }
                    }
                    stage('Base') {
                        // The key is for this branch only; other branches are packed without.
                        when { expression { env.BRANCH_NAME == null || env.BRANCH_NAME == (args.branch ?: 'main') } }
                        steps { swapRelease args + [verb: 'manifest', group: params.GROUP ?: args.group] }
                    }
                    stage('Pack') {
                        steps { mktPack args }
                    }
                }
                post {
                    always { mktReport args }
                    success { stash name: 'release', includes: "${args.records ?: 'records'}/*" }
                }
            }
            stage('Dry run') {
                when {
                    beforeAgent true
                    expression { params.DRY_RUN }
                }
                agent { label args.label ?: 'linux && deploy' }
                options { timeout(time: 10, unit: 'MINUTES') }
                steps {
                    dir("${args.records ?: 'records'}") { deleteDir() }
                    script {
                        if (params.ACTION == 'rollback') {
                            swapRelease args + [verb: 'rollback', release: params.RELEASE, group: params.GROUP ?: args.group, dryRun: true]
                        } else {
                            unstash 'release'
                            fleetPush args + [group: params.GROUP ?: args.group, dryRun: true]
                        }
                    }
                }
            }
            stage('Deliver') {
                when {
                    beforeAgent true
                    beforeOptions true
                    expression { params.ACTION == 'deploy' && !params.DRY_RUN && (env.BRANCH_NAME == null || env.BRANCH_NAME == (args.branch ?: 'main')) }
                }
                agent { label args.label ?: 'linux && deploy' }
                options {
                    timeout(time: 1, unit: 'HOURS')
                    lock(resource: "${args.lock ?: 'deploy-site'}", inversePrecedence: true)
                }
                stages {
                    stage('Publish') {
                        steps {
                            milestone 10
                            dir("${args.records ?: 'records'}") { deleteDir() }
                            unstash 'release'
                            trackerPublish args
                        }
                    }
                    stage('Push') {
                        steps { fleetPush args + [group: params.GROUP ?: args.group] }
                    }
                }
                post {
                    always { mktReport args }
                    success { stash name: 'delivered', includes: "${args.records ?: 'records'}/*.json" }
                }
            }
            stage('Approve') {
                when {
                    beforeInput true
                    beforeOptions true
                    expression { args.approve != false && params.ACTION == 'deploy' && !params.DRY_RUN && currentBuild.currentResult == 'SUCCESS' && (env.BRANCH_NAME == null || env.BRANCH_NAME == (args.branch ?: 'main')) }
                }
                options { timeout(time: 4, unit: 'HOURS') }
                input {
                    message 'Every server has the release and has proved it. Make it live?'
                    ok 'Make it live'
                    submitter "${args.submitter ?: 'deployers'}"
                }
                steps { echo 'Approved.' }
            }
            stage('Go live') {
                when {
                    beforeAgent true
                    beforeOptions true
                    expression { params.ACTION == 'deploy' && !params.DRY_RUN && currentBuild.currentResult == 'SUCCESS' && (env.BRANCH_NAME == null || env.BRANCH_NAME == (args.branch ?: 'main')) }
                }
                agent { label args.label ?: 'linux && deploy' }
                options {
                    timeout(time: 30, unit: 'MINUTES')
                    lock(resource: "${args.lock ?: 'deploy-site'}", inversePrecedence: true)
                }
                steps {
                    milestone 20
                    dir("${args.records ?: 'records'}") { deleteDir() }
                    unstash 'delivered'
                    swapRelease args + [group: params.GROUP ?: args.group]
                }
                post { always { mktReport args } }
            }
            stage('Roll back') {
                when {
                    beforeAgent true
                    beforeOptions true
                    expression { params.ACTION == 'rollback' && !params.DRY_RUN }
                }
                agent { label args.label ?: 'linux && deploy' }
                options {
                    timeout(time: 30, unit: 'MINUTES')
                    lock(resource: "${args.lock ?: 'deploy-site'}", inversePrecedence: true)
                }
                steps {
                    dir("${args.records ?: 'records'}") { deleteDir() }
                    swapRelease args + [verb: 'rollback', release: params.RELEASE, group: params.GROUP ?: args.group]
                }
                post { always { mktReport args } }
            }
        }
        post {
            unsuccessful { echo "${currentBuild.currentResult}: see the error and its hint above. Whatever was begun can be run again." }
        }
    }
}
