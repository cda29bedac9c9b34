//! The pages of 2016 that a browser would see.

use super::store::{Form, Refused};
use super::{AUTHKEY, State, html, redirect};
use crate::fakes::bencode::Value;
use crate::fakes::http::{Asked, page};

pub(super) fn login(state: &mut State, asked: &Asked) -> Vec<u8> {
    if asked.method != "POST" {
        return html("Login", "<form id=\"loginform\" method=\"post\" action=\"login.php\"></form>");
    }
    if state.banned {
        return redirect("login.php", &[]);
    }
    let options = &state.options;
    if asked.field("username") == options.username && asked.field("password") == options.password {
        state.failures = 0;
        state.deleted = 0;
        let cookie = format!("session{}abcdef0123456789", state.sessions.len());
        let header = format!("session={cookie}; path=/; HttpOnly");
        state.sessions.insert(cookie);
        return redirect("index.php", &[("Set-Cookie", &header)]);
    }
    state.failures += 1;
    state.banned = state.failures >= 6;
    html(
        "Login",
        "<span class=\"warning\">Your username or password was incorrect.</span><form id=\"loginform\"></form>",
    )
}

/// The upload form; with a reason in red where one is given.
pub(super) fn form(reason: &str) -> Vec<u8> {
    let red = if reason.is_empty() {
        String::new()
    } else {
        format!("<p style=\"color: red; text-align: center;\">{reason}</p>")
    };
    html(
        "Upload",
        &format!(
            "<div>{red}<form id=\"upload_table\" action=\"\" enctype=\"multipart/form-data\"></form></div>"
        ),
    )
}

pub(super) fn upload(state: &mut State, asked: &Asked) -> Vec<u8> {
    if asked.field("submit").is_empty() {
        return form("");
    }
    if asked.field("auth") != AUTHKEY {
        return html("Error", "<h2>Error</h2>Invalid authorization key. Go back, refresh, and try again.");
    }
    let between = |key: &str| (2..=200).contains(&asked.field(key).chars().count());
    let short = |key: &str| asked.form.contains_key(key) && asked.field(key).chars().count() < 10;
    if asked.field("rules") != "1" {
        return form("Your torrent must abide by the rules.");
    }
    if !between("title") {
        return form("Title must be between 2 and 200 characters.");
    }
    if !between("tags") {
        return form("You must enter at least one tag. Maximum length is 200 characters.");
    }
    if short("release_desc") {
        return form("The release description must be between 10 and 1,000,000 characters.");
    }
    let Some(file) = asked.form.get("file_input") else { return form("No torrent file uploaded") };
    // PHP's upload_max_filesize.
    if file.content.is_empty() || file.content.len() > 2 << 20 {
        return form("No torrent file uploaded, or file is empty.");
    }
    let name = file.file_name.clone().unwrap_or_default();
    if !name.to_lowercase().ends_with(".torrent") {
        return form(&format!(
            "You seem to have put something other than a torrent file into the upload field. ({name})."
        ));
    }
    let Some(torrent) = Value::parse(&file.content) else {
        let text = "Malformed string. Invalid character at pos 0x0: \"x\".";
        return page("200 OK", "text/html; charset=utf-8", &[], text.as_bytes());
    };
    let description = if asked.form.contains_key("desc") { "desc" } else { "album_desc" };
    let form_fields = Form {
        title: asked.field("title"),
        tags: asked.field("tags"),
        description: asked.field(description),
        category: asked.field("type"),
    };
    match state.store(&torrent, form_fields) {
        Err(Refused::Rule(reason)) => form(&reason),
        Err(Refused::Duplicate(id)) => form(&format!(
            "<a href=\"torrents.php?torrentid={id}\">The exact same torrent file already exists on the site!</a>"
        )),
        Ok((id, changed)) if changed.private_was_set => {
            redirect(&format!("torrents.php?id={}", state.torrents[&id].group), &[])
        }
        Ok((id, _)) => html(
            "Warning",
            &format!(
                "<h1>Warning</h1><p><strong>Your torrent has been uploaded; however, you must download your torrent \
                 from <a href=\"torrents.php?id={}\">here</a> because you didn't make your torrent using the \
                 \"private\" option.</strong></p>",
                state.torrents[&id].group
            ),
        ),
    }
}

pub(super) fn download(state: &mut State, asked: &Asked, agent: &str) -> Vec<u8> {
    let id: u32 = asked.get("id").parse().unwrap_or(0);
    let Some(stored) = state.torrents.get(&id) else { return html("Error", "<h2>Error 404</h2>") };
    let throttled = ["BTWebClient", "Python-urllib", "python-requests", "uTorrent"];
    if throttled.iter().any(|name| agent.starts_with(name)) {
        let count = state.downloads.entry((agent.to_owned(), id)).or_default();
        *count += 1;
        if *count > 4 {
            return html("Error", "You have already downloaded this torrent file four times.");
        }
    }
    let tracker = state
        .options
        .tracker
        .as_ref()
        .map_or_else(|| "http://tracker.invalid".to_owned(), |(tracker, _)| tracker.base());
    let bytes = stored.download(&tracker, &state.options.passkey);
    page("200 OK", "application/x-bittorrent; charset=utf-8", &[], &bytes)
}

pub(super) fn delete(state: &mut State, asked: &Asked) -> Vec<u8> {
    let id: u32 = asked.field("torrentid").parse().unwrap_or(0);
    let fault = |text: &str| html("Error", &format!("<h2>Error</h2>{text}"));
    if asked.field("action") != "takedelete" || asked.field("auth") != AUTHKEY {
        return fault("Invalid authorization key. Go back, refresh, and try again.");
    }
    if state.locked {
        return fault(
            "Torrent cannot be deleted because the upload process is not completed yet. Please try again later.",
        );
    }
    if state.deleted >= 3 {
        return fault(
            "You have recently deleted 3 torrents. Please contact a staff member if you need to delete more.",
        );
    }
    match state.torrents.get(&id) {
        None => return fault("Torrent has already been deleted."),
        Some(torrent) if torrent.old => {
            return fault("You can no longer delete this torrent as it has been uploaded for over a week.");
        }
        Some(_) => state.torrents.remove(&id),
    };
    state.deleted += 1;
    html("Torrent deleted", "<h3>Torrent was successfully deleted.</h3>")
}

pub(super) fn create_user(state: &mut State, asked: &Asked) -> Vec<u8> {
    if asked.get("action") != "create_user" && asked.field("action") != "create_user" {
        return html("Tools", "");
    }
    if asked.field("auth") != AUTHKEY {
        return html("Error", "<h2>Error</h2>Invalid authorization key. Go back, refresh, and try again.");
    }
    let id = u32::try_from(state.users.len()).unwrap_or(0) + 100;
    let passkey = format!("{id:032x}");
    state.users.insert(asked.field("Username"), (id, passkey.clone()));
    state.tell_user(id, &passkey);
    redirect(&format!("user.php?id={id}"), &[])
}
