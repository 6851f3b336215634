//! Files: uploaded with a message, served back by address, and kept from being more than files.

use serde_json::{Value, json};

use super::client::multipart_form;
use super::{Gateway, Place};

#[tokio::test]
async fn an_uploaded_file_is_described_and_served_back() {
    let place = Place::start().await;
    let path = place.messages_of(place.channel);
    let payload = json!({
        "content": "Two files",
        "embeds": [{ "title": "Shown", "image": { "url": "attachment://b_c.png" } }],
        "attachments": [{ "id": 1, "filename": "b_c.png", "description": "The second" }],
    });
    let files = [("a.png", vec![1, 2]), ("b c.png", vec![3, 4, 5])];
    let sent = place.upload(&path, &payload, &files).await.ok();
    let (first, second) = (&sent["attachments"][0], &sent["attachments"][1]);
    assert_eq!(
        (&first["filename"], &first["size"]),
        (&json!("a.png"), &json!(2))
    );
    assert_eq!(
        (&second["filename"], &second["description"]),
        (&json!("b_c.png"), &json!("The second"))
    );
    assert_eq!(sent["embeds"][0]["image"]["url"], second["url"]);
    let served = reqwest::get(second["url"].as_str().unwrap()).await.unwrap();
    assert_eq!(served.headers()["x-content-type-options"], "nosniff");
    assert_eq!(
        served.headers()["content-security-policy"],
        "default-src 'none'; sandbox"
    );
    assert_eq!(served.bytes().await.unwrap().as_ref(), [3, 4, 5]);
    let nothing = place.local("GET", "/attachments/1/2/x.png");
    assert_eq!(place.sent(nothing).await.status, 404);
    place.end();
}

#[tokio::test]
async fn an_edit_keeps_the_files_it_lists() {
    let place = Place::start().await;
    let path = place.messages_of(place.channel);
    let files = [("a.png", vec![1]), ("b.png", vec![2])];
    let sent = place.upload(&path, &json!({}), &files).await.ok();
    let one = format!("{path}/{}", sent["id"].as_str().unwrap());
    let keep = json!({ "attachments": [{ "id": sent["attachments"][1]["id"] }] });
    let edited = place.call("PATCH", &one, &keep).await.ok();
    assert_eq!(edited["attachments"].as_array().unwrap().len(), 1);
    assert_eq!(edited["attachments"][0]["filename"], "b.png");
    place.end();
}

#[tokio::test]
async fn a_file_too_large_or_one_too_many_is_refused() {
    let place = Place::start().await;
    let path = place.messages_of(place.channel);
    let large = [("large.png", vec![0; 10 * 1024 * 1024 + 1])];
    let answer = place.upload(&path, &json!({}), &large).await;
    assert_eq!(answer.refusal(), (413, 40_005));
    let many: Vec<_> = (0..11).map(|_| ("a.png", vec![1])).collect();
    let answer = place.upload(&path, &json!({}), &many).await;
    assert_eq!(answer.wrong("/files"), "BASE_TYPE_MAX_LENGTH");
    // None of them is too large by itself.
    let whole: Vec<_> = (0..3)
        .map(|_| ("a.png", vec![0; 9 * 1024 * 1024]))
        .collect();
    let answer = place.upload(&path, &json!({}), &whole).await;
    assert_eq!(answer.refusal(), (413, 40_005));
    place.discord.limit_files(1_000);
    let answer = place
        .upload(&path, &json!({}), &[("a.png", vec![0; 1_001])])
        .await;
    assert_eq!(answer.refusal(), (413, 40_005));
    assert_eq!(place.texts(), Vec::<String>::new());
    place.discord.stop();
}

#[tokio::test]
async fn a_form_that_is_none_is_refused_and_breaks_nothing() {
    let place = Place::start().await;
    let path = place.messages_of(place.channel);
    let form = multipart_form(&json!(["a list"])).text("content", "Beside a list");
    let answer = place
        .sent(place.request("POST", &path).multipart(form))
        .await;
    assert_eq!(answer.refusal(), (400, 50_109));
    let cut = place.request("POST", &path);
    let cut = cut.header("content-type", "multipart/form-data; boundary=x");
    let answer = place.sent(cut.body("--x\r\n")).await;
    assert_eq!(answer.refusal(), (400, 50_109));
    place.end();
}

#[tokio::test]
async fn files_of_an_answer_and_of_what_follows_it_are_kept() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 1).await;
    let (event, doing) = place.note(&mut gateway).await;
    let file = json!({ "id": 0, "filename": "all.json", "description": "All" });
    let data = json!({ "content": "Here", "attachments": [file] });
    let callback = super::client::callback_path(&event);
    let payload = json!({ "type": 4, "data": data });
    let files = [("all.json", b"[1]".to_vec())];
    let answer = place.upload(&callback, &payload, &files).await;
    assert_eq!(answer.status, 204);
    let answered = doing.await.unwrap().unwrap().message().unwrap();
    assert_eq!(answered.content, "Here");
    assert_eq!(answered.attachments[0].filename, "all.json");
    assert_eq!(answered.attachments[0].description.as_deref(), Some("All"));

    let webhook = place.webhook(&event, "");
    let files = [("more.csv", b"1,2".to_vec()), ("none.csv", Vec::new())];
    let more = place
        .upload(&webhook, &json!({ "content": "More" }), &files)
        .await
        .ok();
    assert_eq!(more["attachments"][1]["filename"], "none.csv");

    let part = reqwest::multipart::Part::bytes(b"late".to_vec()).file_name("late.txt");
    let form = multipart_form(&json!({ "content": "There" })).part("files[0]", part);
    let original = place.webhook(&event, "/messages/@original");
    let edit = place.request("PATCH", &original).multipart(form);
    place.sent(edit).await.ok();

    let kept: Vec<_> = place
        .discord
        .messages(place.channel)
        .iter()
        .flat_map(|message| &message.attachments)
        .map(|file| (file.filename.clone(), place.discord.file(file).unwrap()))
        .collect();
    let expected = [
        ("all.json", "[1]"),
        ("late.txt", "late"),
        ("more.csv", "1,2"),
        ("none.csv", ""),
    ];
    let expected = expected.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    assert_eq!(kept, expected);
    place.end();
}

#[tokio::test]
async fn a_file_in_an_ephemeral_answer_is_marked_so() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 1).await;
    let (event, doing) = place.note(&mut gateway).await;
    let payload = json!({ "type": 4, "data": { "flags": 64, "attachments": [{ "id": 0 }] } });
    let callback = super::client::callback_path(&event);
    let files = [("own.png", vec![9])];
    place.upload(&callback, &payload, &files).await.ok();
    doing.await.unwrap().unwrap();
    let original = place.webhook(&event, "/messages/@original");
    let told = place.get(&original).await.ok();
    assert_eq!(told["attachments"][0]["ephemeral"], true);
    place.end();
}

/// How a PNG of 1200 by 630 begins.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x04\xb0\0\0\x02\x76\x08\x06\0\0\0";

/// The headers under which a file is served.
async fn served(file: &Value) -> (u16, reqwest::header::HeaderMap) {
    let response = reqwest::get(file["url"].as_str().unwrap()).await.unwrap();
    (response.status().as_u16(), response.headers().clone())
}

#[tokio::test]
async fn a_picture_with_words_for_those_who_cannot_see_it_is_shown_wherever_it_stands() {
    let place = Place::start().await;
    place.register().await;
    let (mut gateway, _) = Gateway::ready(&place, 0).await;
    let message = |flags: u64| {
        json!({
            "flags": flags,
            "attachments": [{ "id": 0, "filename": "stats.png", "description": "12 of 14 done" }],
            "embeds": [{ "image": { "url": "attachment://stats.png" } }],
        })
    };
    let files = [("stats.png", PNG.to_vec())];
    let path = place.messages_of(place.channel);
    let mut shown = vec![place.upload(&path, &message(0), &files).await.ok()];
    for flags in [0, 64] {
        let (event, doing) = place.note(&mut gateway).await;
        let payload = json!({ "type": 4, "data": message(flags) });
        let callback = super::client::callback_path(&event);
        place.upload(&callback, &payload, &files).await.ok();
        doing.await.unwrap().unwrap();
        let original = place.webhook(&event, "/messages/@original");
        shown.push(place.get(&original).await.ok());
        let follow_up = place.webhook(&event, "");
        shown.push(place.upload(&follow_up, &message(flags), &files).await.ok());
    }
    for message in &shown {
        let file = &message["attachments"][0];
        assert_eq!(
            (
                &file["filename"],
                &file["description"],
                &file["content_type"]
            ),
            (
                &json!("stats.png"),
                &json!("12 of 14 done"),
                &json!("image/png")
            )
        );
        assert_eq!(
            (&file["width"], &file["height"]),
            (&json!(1_200), &json!(630))
        );
        assert_eq!(message["embeds"][0]["image"]["url"], file["url"]);
        let (status, headers) = served(file).await;
        assert_eq!(
            (status, &headers["content-type"]),
            (200, &"image/png".parse().unwrap())
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["content-disposition"], "inline");
    }
    assert_eq!(shown[3]["attachments"][0]["ephemeral"], true);
    // Those to whom they are shown get the same.
    let list = format!(
        "/local/channels/{}/messages?user={}",
        place.channel, place.mina
    );
    let told = place.sent(place.local("GET", &list)).await.ok();
    assert_eq!(told["messages"].as_array().unwrap(), &shown);
    place.end();
}

#[tokio::test]
async fn only_a_picture_is_shown_by_a_browser_whatever_a_file_calls_itself() {
    let place = Place::start().await;
    let path = place.messages_of(place.channel);
    for (name, declared, bytes, kind, disposition) in [
        (
            "a.html",
            "text/html",
            &b"<script>1</script>"[..],
            "text/html",
            "attachment",
        ),
        (
            "a.svg",
            "image/svg+xml",
            b"<svg onload='1'/>",
            "image/svg+xml",
            "attachment",
        ),
        ("a.csv", "text/csv", b"1,2", "text/csv", "attachment"),
        (
            "a.bin",
            "application/octet-stream",
            PNG,
            "image/png",
            "inline",
        ),
        ("a.txt", "text/html", PNG, "image/png", "inline"),
        ("b.png", "image/png", b"no picture", "image/png", "inline"),
    ] {
        let part = reqwest::multipart::Part::bytes(bytes.to_vec()).file_name(name);
        let part = part.mime_str(declared).unwrap();
        let form = multipart_form(&json!({})).part("files[0]", part);
        let sent = place
            .sent(place.request("POST", &path).multipart(form))
            .await
            .ok();
        let file = &sent["attachments"][0];
        assert_eq!(file["content_type"], kind, "{name}");
        let (_, headers) = served(file).await;
        assert_eq!(headers["content-type"], kind, "{name}");
        assert_eq!(headers["content-disposition"], disposition, "{name}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'none'; sandbox"
        );
    }
    place.end();
}

#[tokio::test]
async fn a_file_called_in_korean_has_an_address_that_every_client_can_ask() {
    let place = Place::start().await;
    let path = place.messages_of(place.channel);
    let files = [("기록 표.png", PNG.to_vec())];
    let sent = place.upload(&path, &json!({}), &files).await.ok();
    let file = &sent["attachments"][0];
    assert_eq!(file["filename"], "기록_표.png");
    assert!(file["url"].as_str().unwrap().is_ascii(), "{file}");
    assert_eq!(served(file).await.0, 200);
    place.end();
}

#[tokio::test]
async fn words_about_a_file_have_a_bound() {
    let place = Place::start().await;
    let path = place.messages_of(place.channel);
    let described =
        |length: usize| json!({ "attachments": [{ "id": 0, "description": "가".repeat(length) }] });
    let files = [("a.png", PNG.to_vec())];
    place.upload(&path, &described(1_024), &files).await.ok();
    let refused = place.upload(&path, &described(1_025), &files).await;
    assert_eq!(
        refused.wrong("/attachments/0/description"),
        "BASE_TYPE_MAX_LENGTH"
    );
    place.end();
}
