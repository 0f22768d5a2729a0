#!/bin/sh
# Makes the secrets that docker-compose.yml hands to its services, each once: sh deploy/secrets.sh [FOLDER]
# What is there already stays as it is. Only the owner may enter the folder; the files in it can be read by anyone who
# is inside, since each container runs as a user of its own.
set -eu
folder="${1:-secrets}"
umask 077
mkdir -p "$folder"
chmod 700 "$folder"

random_hex() {
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

keep() { # keep NAME: store standard input as the secret NAME
    cat >"$folder/$1.new"
    chmod 444 "$folder/$1.new"
    mv "$folder/$1.new" "$folder/$1"
    printf '%s\n' "$folder/$1"
}

if [ ! -e "$folder/database_url" ]; then
    password=$(random_hex)
    printf '%s' "$password" | keep database_password
    printf 'postgresql://sentiq:%s@database:5432/sentiq' "$password" | keep database_url
fi

if [ ! -e "$folder/broker_url" ]; then
    password=$(random_hex)
    hash=$(printf '%s' "$password" | sha256sum | cut -d ' ' -f 1)
    {
        # Nobody without a password may do more than ask whether the server answers.
        printf 'user default on nopass resetkeys resetchannels -@all +ping\n'
        # Everything a queue needs, and nothing that reads or empties the whole server or changes its settings.
        printf 'user sentiq on #%s ~* &* +@all -@admin -@dangerous +info +client|setinfo\n' "$hash"
    } | keep broker_acl
    printf 'redis://sentiq:%s@broker:6379/0' "$password" | keep broker_url
fi

if [ ! -e "$folder/webhook_secret" ]; then
    printf 'whsec_%s' "$(random_hex)" | keep webhook_secret  # hexadecimal digits are base64 too, of 48 bytes
fi

if [ ! -e "$folder/webhook_encryption_keys" ]; then
    head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' | keep webhook_encryption_keys
fi

if [ ! -e "$folder/grafana_password" ]; then
    random_hex | keep grafana_password
fi

# Prometheus needs a key with the scope `admin`; docs/operations.md says how to make one.
if [ ! -e "$folder/metrics_key" ]; then
    : | keep metrics_key
    chmod 644 "$folder/metrics_key"  # its owner writes into it
fi
