# shellcheck shell=bash
# The site that the demo deploys: made up, or a real one with a page that says what is served. Sourced; SITE is the real
# one or empty, BIN has demo-site, DOCROOT is the web root inside the tree.

# site_docroot PATH: the web root of a project, "" when it is the tree itself.
site_docroot() {
    local folder
    for folder in web docroot; do
        [[ ! $1 || ! -f $1/$folder/index.php ]] || {
            printf '/%s' "$folder"
            return
        }
    done
}

# site_page: what visitors and the health check ask for. A real site has no database here, so it gets a page of its own.
site_page() { if [[ $SITE ]]; then printf /release-check.php; else printf /; fi; }

# site_settings FILE SERVER: settings.php of one server; never part of a release.
site_settings() {
    printf "<?php\n\$settings['site_name'] = 'the site of %s';\n\$settings['payment_endpoint'] = 'https://pay.example';\n" \
        "$2" >"$1"
}

# site_forget_payment FILE: takes away the setting that release 3 needs.
site_forget_payment() { sed -i '/payment_endpoint/d' "$1"; }

# site_release NUMBER DIRECTORY: writes that release of the site.
site_release() {
    local number=$1 dir=$2
    if [[ ! $SITE ]]; then
        "$BIN/demo-site" "$dir" --release "$number"
        return
    fi
    mkdir -p "$dir"
    # A server's own settings and files are no part of a release.
    tar -C "$SITE" --exclude=.git --exclude='*/sites/*/settings.php' --exclude='*/sites/*/files' -cf - . | tar -C "$dir" -xf -
    cat >"$dir$DOCROOT/release-check.php" <<PHP
<?php
header('Content-Type: text/plain; charset=utf-8');
\$settings = [];
require __DIR__ . '/sites/default/settings.php';
if ($number >= 3 && !isset(\$settings['payment_endpoint'])) {
  http_response_code(500);
  exit("settings.php of this server lacks payment_endpoint\n");
}
echo 'release: ', basename(realpath(__DIR__ . '${DOCROOT:+/..}')), "\n";
echo "version: $number\n";
echo "site: {\$settings['site_name']}\n";
PHP
    # An ordinary change: a comment at the end of about 80 files.
    if ((number > 1)); then
        find "$dir" -type f \( -name '*.inc' -o -name '*.module' -o -name '*.css' \) -size -64k | LC_ALL=C sort |
            awk 'NR % 13 == 1 && count++ < 79' | while IFS= read -r file; do
            printf '\n/* Changed in release %s. */\n' "$number" >>"$file"
        done
    fi
}
