# Puts a program that has arrived in place, if it is the right one and runs. Says what it did as one line.
# $1 the arrived file, in the directory of $2, which it becomes; $3 its SHA-256.
LC_ALL=C; export LC_ALL
umask 022
new=$1; path=$2; sum=$3
refuse() {
    rm -f -- "$new" "$new.former"
    printf 'refused %s\n' "$1"
    exit 0
}
got=$(sha256sum <"$new") || refuse 'sum it is gone'
[ "${got%% *}" = "$sum" ] || refuse "sum ${got%% *}"
chmod 0755 -- "$new" || refuse 'write its mode cannot be set'
said=$("$new" --version 2>&1) || refuse "run $(printf '%s' "$said" | tail -n 1)"
case $said in
'swap-release '*) ;;
*) refuse "stranger $(printf '%s' "$said" | head -n 1)" ;;
esac
if [ -e "$path" ]; then
    # A copy, and each by one rename: at any moment there is a whole program in both places.
    { cp -p -- "$path" "$new.former" && sync -- "$new.former" && mv -f -T -- "$new.former" "$path.previous"; } ||
        refuse 'write the former one cannot be kept'
fi
{ sync -- "$new" && mv -f -T -- "$new" "$path" && sync -- "${path%/*}/"; } || refuse 'write it cannot be put in place'
# What runs that were cut off have left.
find "${path%/*}/" -maxdepth 1 -type f -name ".*${path##*/}.mkt-*" -mmin +60 -exec rm -f -- {} + 2>/dev/null
printf 'live %s\n' "$(printf '%s' "$said" | head -n 1)"
