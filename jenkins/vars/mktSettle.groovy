/** What an exit code makes of the build; the only place of the library that decides. See mktSettle.txt. */
int call(int code) {
    switch (code) {
        case 0:
            break
        case 30:
            unstable 'Some servers failed; nothing was switched. Run it again: it continues with those that are missing.'
            break
        case 75:
            unstable 'Another deployment holds the lock; nothing was changed. Try later.'
            break
        case 40:
            error 'The swap failed; every server is back on the release it had.'
            break
        case 41:
            error 'SERVERS ARE LEFT ON DIFFERENT RELEASES. Look now: swap-release status --fleet'
            break
        default:
            error "exit code ${code}"
    }
    return code
}
