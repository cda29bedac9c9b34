# $1 deploy_to, $2 where index.php is in a release, $3 drush, then the names of the sites. One line a fact; changes nothing.
LC_ALL=C; export LC_ALL
tree=$1/current
if [ -d "$tree/." ]; then echo 'live yes'; fi
case $3 in
/*) found=$3 ;;
*/*) found=$tree/$3 ;;
*) found=$(command -v -- "$3" 2>/dev/null) ;;
esac
if [ -n "$found" ] && [ -f "$found" ] && [ -x "$found" ]; then printf 'drush %s\n' "$found"; fi
printf 'path %s\n' "$PATH"
for other in /usr/local/bin/drush /usr/bin/drush /opt/drush/drush "$HOME/bin/drush" "$HOME/.config/composer/vendor/bin/drush" \
    "$HOME/.composer/vendor/bin/drush"; do
    if [ -f "$other" ] && [ -x "$other" ]; then printf 'other %s\n' "$other"; fi
done
for program in php mysqldump mariadb-dump pg_dump sqlite3; do
    if command -v "$program" >/dev/null 2>&1; then printf 'has %s\n' "$program"; fi
done
root=$1/shared${2:+/$2}
shift 3
for site; do
    file=$root/sites/$site/settings.php
    if [ ! -r "$file" ]; then
        printf 'settings unread %s\n' "$site"
    elif grep -v '^[[:space:]]*\(#\|//\|/\*\|\*\)' "$file" | grep -q 'drupal\.settings\.php'; then
        printf 'settings included %s\n' "$site"
    else
        printf 'settings plain %s\n' "$site"
    fi
done
exit 0
