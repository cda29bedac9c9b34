// Job DSL: the folder and the multibranch job of one site. casc.yaml loads it; a seed job can, too.
folder('web') {
    description('Sites that are deployed by mkt')
}

multibranchPipelineJob('web/site') {
    description('Builds every branch; deploys main')
    branchSources {
        git {
            id('site')
            remote("${SITE_URL}")
            credentialsId('')
            includes('*')
        }
    }
    orphanedItemStrategy {
        discardOldItems {
            numToKeep(20)
        }
    }
    factory {
        workflowBranchProjectFactory {
            scriptPath('Jenkinsfile')
        }
    }
}
