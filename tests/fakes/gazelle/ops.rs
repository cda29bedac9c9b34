//! ajax.php of the OPS line: token or cookie, JSON errors with status 200.

use super::store::{Form, Refused};
use super::{State, ajax, json, redirect};
use crate::fakes::bencode::Value;
use crate::fakes::http::{Asked, page};
use crate::fakes::server::Raw;

const INFO: &str = "\"info\":{\"source\":\"Site\",\"version\":1}";

/// Pages that want a token.
const TOKEN_ONLY: [&str; 5] = ["upload", "download", "add_log", "add_tag", "request_fill"];

fn failure(error: &str) -> Vec<u8> {
    let error = error.replace('"', "\\\"");
    json(&failure_text(&error))
}

fn failure_text(error: &str) -> String {
    format!("{{\"status\":\"failure\",\"error\":\"{error}\",\"response\":[],{INFO}}}")
}

pub(super) fn ajax(state: &mut State, asked: &Asked, raw: &Raw) -> Vec<u8> {
    let given = raw.header("authorization");
    let token = given.as_deref().map(|text| text.strip_prefix("token ").unwrap_or(text));
    let by_token = match token {
        Some(token) if token == state.options.token => true,
        Some(_) => return failure("invalid token"),
        None => false,
    };
    if !by_token && !state.logged_in(asked) {
        return redirect("login.php", &[]);
    }
    let action = asked.get("action");
    if TOKEN_ONLY.contains(&action) && !by_token && asked.field("auth").is_empty() {
        return failure("This page requires an api token");
    }
    // One counter for all limited actions.
    if (["browse", "torrentgroup", "user"].contains(&action)
        || (action == "torrent" && state.options.limit_lookups))
        && state.over_limit()
    {
        return state.limited(&failure_text("Rate limit exceeded"));
    }
    match action {
        "upload" => upload(state, asked),
        "download" => download(state, asked),
        "index" => ajax::ajax(state, asked),
        "torrent" => ajax::torrent(state, asked),
        _ => json(&format!("{{\"status\":\"success\",\"response\":[],{INFO}}}")),
    }
}

fn upload(state: &mut State, asked: &Asked) -> Vec<u8> {
    for key in ["desc", "album_desc"] {
        if asked.form.contains_key(key) && asked.field(key).chars().count() < 10 {
            return failure("The description must be at least 10 characters");
        }
    }
    for (key, text) in [("title", "Title must be"), ("tags", "Tags must be")] {
        if !(2..=200).contains(&asked.field(key).chars().count()) {
            return failure(&format!("{text} between 2 and 200 characters."));
        }
    }
    let file = asked.form.get("file_input").cloned().unwrap_or_default();
    let Some(torrent) = Value::parse(&file.content) else { return failure("Not a valid torrent file") };
    let form = Form {
        title: asked.field("title"),
        tags: asked.field("tags"),
        description: asked.field("desc") + &asked.field("album_desc"),
        category: asked.field("type"),
    };
    match state.store(&torrent, form) {
        Err(Refused::Rule(reason)) => failure(&reason),
        Err(Refused::Duplicate(id)) => failure(&format!(
            "The exact same torrent file already exists on the site! <a href=\"torrents.php?torrentid={id}\">here</a>"
        )),
        Ok((id, changed)) => {
            let group = state.torrents[&id].group;
            let (group_key, torrent_key) = if state.options.lower_case_ids {
                ("groupid", "torrentid")
            } else {
                ("groupId", "torrentId")
            };
            json(&format!(
                "{{\"status\":\"success\",\"response\":{{\"{group_key}\":{group},\"{torrent_key}\":{id},\"private\":{},\
                 \"source\":{},\"warnings\":[]}},{INFO}}}",
                changed.private_was_set, changed.source_was_right
            ))
        }
    }
}

fn download(state: &State, asked: &Asked) -> Vec<u8> {
    if state.options.limit_downloads {
        return failure("Rate limiting hit on downloading, try again later!");
    }
    let id: u32 = asked.get("id").parse().unwrap_or(0);
    let Some(stored) = state.torrents.get(&id) else { return failure("could not find torrent") };
    let tracker = state
        .options
        .tracker
        .as_ref()
        .map_or_else(|| "http://tracker.invalid".to_owned(), |(tracker, _)| tracker.base());
    let bytes = stored.download(&tracker, &state.options.passkey);
    page("200 OK", "application/x-bittorrent; charset=utf-8", &[], &bytes)
}
