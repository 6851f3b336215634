//! The checker itself, on documents and exchanges made up for it.

use super::*;

/// A Discord of four routes.
fn small() -> OpenApi {
    OpenApi::new(json!({
        "openapi": "3.1.0",
        "paths": {
            "/users/@me": { "get": {
                "operationId": "get_my_user",
                "responses": { "200": answer("MyUser") },
            } },
            "/users/{user_id}": {
                "parameters": [{
                    "name": "user_id", "in": "path", "required": true,
                    "schema": { "$ref": "#/components/schemas/Snowflake" },
                }],
                "get": {
                    "operationId": "get_user",
                    "responses": {
                        "200": answer("User"),
                        "4XX": { "$ref": "#/components/responses/Refused" },
                    },
                },
            },
            "/channels/{channel_id}/messages": { "post": {
                "operationId": "create_message",
                "parameters": [
                    { "name": "wait", "in": "query", "schema": { "type": "boolean" } },
                    { "name": "limit", "in": "query", "schema": { "maximum": 9, "type": "integer" } },
                    { "name": "ids", "in": "query", "schema": {
                        "type": "array", "items": { "$ref": "#/components/schemas/Snowflake" },
                    } },
                ],
                "requestBody": { "required": true, "content": json_content("Message") },
                "responses": { "200": answer("Posted"), "204": { "description": "sent" } },
            } },
            "/interactions/{interaction_id}/{interaction_token}/callback": { "post": {
                "operationId": "create_interaction_response",
                "parameters": [
                    { "name": "with_response", "in": "query", "schema": { "type": "boolean" } },
                ],
                "requestBody": { "required": true, "content": json_content("Callback") },
                "responses": { "204": { "description": "taken" } },
            } },
            "/applications/{application_id}/guilds/{guild_id}/commands": { "put": {
                "operationId": "bulk_set_guild_application_commands",
                "requestBody": { "required": true, "content": json_content("Commands") },
                "responses": { "200": answer("Commands") },
            } },
            "/stickers": { "post": {
                "operationId": "create_sticker",
                "requestBody": { "required": true, "content": { "multipart/form-data": { "schema": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string" },
                        "file": { "type": "string", "contentEncoding": "binary" },
                    },
                    "required": ["name", "file"],
                } } } },
                "responses": { "204": { "description": "made" } },
            } },
        },
        "components": {
            "responses": { "Refused": answer("Refusal") },
            "schemas": {
                "Snowflake": { "type": "string", "pattern": "^(0|[1-9][0-9]*)$" },
                "Refusal": {
                    "type": "object",
                    "properties": { "code": { "type": "integer" } },
                    "required": ["code"],
                },
                "User": {
                    "type": "object",
                    "properties": { "id": { "$ref": "#/components/schemas/Snowflake" } },
                    "required": ["id"],
                },
                "Callback": { "anyOf": [
                    kind(4, json!({ "data": { "$ref": "#/components/schemas/Message" } }), "data"),
                    kind(5, json!({}), "type"),
                    kind(6, json!({}), "type"),
                    kind(7, json!({ "data": { "$ref": "#/components/schemas/Message" } }), "data"),
                    kind(8, json!({ "data": { "required": ["choices"] } }), "data"),
                    kind(9, json!({ "data": {
                        "required": ["components"],
                        "properties": { "components": { "type": "array", "minItems": 1 } },
                    } }), "data"),
                ] },
                "Commands": { "type": "array", "items": { "$ref": "#/components/schemas/Command" } },
                "Command": {
                    "type": "object",
                    "properties": {
                        "default_member_permissions": { "type": "integer" },
                        "description": { "type": "string", "maxLength": 100 },
                        "description_localizations": {
                            "type": "object",
                            "additionalProperties": { "type": "string" },
                        },
                        "options": { "$ref": "#/components/schemas/Commands" },
                    },
                    "required": ["name", "description"],
                },
                "MyUser": { "allOf": [
                    { "$ref": "#/components/schemas/User" },
                    { "required": ["locale"] },
                ] },
                "Posted": { "allOf": [
                    { "$ref": "#/components/schemas/Message" },
                    { "required": ["author"] },
                ] },
                "Message": {
                    "type": "object",
                    "properties": {
                        "content": { "type": ["string", "null"] },
                        "allow": { "type": "integer" },
                        "default_member_permissions": { "type": "integer" },
                        "components": { "type": "array", "items": { "oneOf": [
                            kind(1, json!({ "components": {
                                "type": "array",
                                "items": { "$ref": "#/components/schemas/Message/properties/components/items" },
                            } }), "components"),
                            kind(2, json!({ "label": { "type": "string" } }), "label"),
                            kind(3, json!({ "default_values": {
                                "type": "array",
                                "items": { "$ref": "#/components/schemas/User" },
                            } }), "default_values"),
                        ] } },
                        "attachments": {
                            "type": "array",
                            "items": { "$ref": "#/components/schemas/User" },
                        },
                    },
                    "required": ["content"],
                },
            },
        },
    }))
}

fn json_content(schema: &str) -> Value {
    let reference = format!("#/components/schemas/{schema}");
    json!({ "application/json": { "schema": { "$ref": reference } } })
}

fn answer(schema: &str) -> Value {
    json!({ "description": schema, "content": json_content(schema) })
}

fn kind(number: u8, mut properties: Value, required: &str) -> Value {
    properties["type"] = json!({ "type": "integer", "enum": [number] });
    json!({ "type": "object", "properties": properties, "required": ["type", required] })
}

fn exchange(method: &str, address: &str) -> Exchange {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    Exchange {
        method: method.into(),
        path: format!("/api/v10{path}"),
        query: query.into(),
        request: None,
        status: 204,
        response: None,
    }
}

fn sent(method: &str, address: &str, request: Value) -> Exchange {
    Exchange {
        request: Some(request),
        ..exchange(method, address)
    }
}

fn answered(status: u16, response: Value, exchange: Exchange) -> Exchange {
    Exchange {
        status,
        response: Some(response),
        ..exchange
    }
}

fn post(request: Value) -> Exchange {
    sent("POST", "/channels/1/messages", request)
}

#[track_caller]
fn passes(api: &OpenApi, exchange: Exchange) {
    assert_eq!(api.violations(&[exchange]), Vec::<String>::new());
}

/// It is found, once, and the report says where and what.
#[track_caller]
fn fails(api: &OpenApi, exchange: Exchange, report: &str) {
    assert_eq!(api.violations(&[exchange]), [report]);
}

#[test]
fn what_the_document_allows_passes() {
    let api = small();
    let user = json!({ "id": "7" });
    passes(
        &api,
        answered(200, user.clone(), exchange("GET", "/users/7")),
    );
    passes(&api, post(json!({ "content": "안녕" })));
    let posted = json!({ "content": null, "author": user });
    passes(
        &api,
        answered(200, posted, post(json!({ "content": null }))),
    );
    let refusal = json!({ "code": 10_013 });
    passes(&api, answered(404, refusal, exchange("GET", "/users/7")));
}

#[test]
fn an_unknown_route_or_method_is_found() {
    let api = small();
    let report = "GET /api/v10/nowhere/1 (204): unknown route";
    fails(&api, exchange("GET", "/nowhere/1"), report);
    let report = "PUT /api/v10/users/7 (204): /users/{user_id} has no method PUT";
    fails(&api, exchange("PUT", "/users/7"), report);
    let report = "GET /api/v10/users/ (204): unknown route";
    fails(&api, exchange("GET", "/users/"), report);
}

#[test]
fn a_literal_route_wins_over_a_template() {
    let user = json!({ "id": "7" });
    let report = r#"GET /api/v10/users/@me (200): response: "locale" is a required property"#;
    fails(
        &small(),
        answered(200, user, exchange("GET", "/users/@me")),
        report,
    );
}

#[test]
fn a_wrong_type_is_found() {
    let report = "POST /api/v10/channels/1/messages (204): request/content: \
        5 is not of types \"null\", \"string\"";
    fails(&small(), post(json!({ "content": 5 })), report);
}

#[test]
fn a_missing_field_or_body_is_found() {
    let api = small();
    let report = "POST /api/v10/channels/1/messages (204): request: \
        \"content\" is a required property";
    fails(&api, post(json!({})), report);
    let report = "POST /api/v10/channels/1/messages (204): the request body is missing";
    fails(&api, exchange("POST", "/channels/1/messages"), report);
    let report = "GET /api/v10/users/7 (200): the answer's body is missing";
    let empty = Exchange {
        status: 200,
        ..exchange("GET", "/users/7")
    };
    fails(&api, empty, report);
}

#[test]
fn a_body_where_none_belongs_is_found() {
    let api = small();
    let user = json!({ "id": "7" });
    let asked = answered(200, user, sent("GET", "/users/7", json!({})));
    let report = "GET /api/v10/users/7 (200): this operation has no request body";
    fails(&api, asked, report);
    let message = json!({ "content": "hi" });
    let report = "POST /api/v10/channels/1/messages (204): this answer has no body";
    fails(&api, answered(204, json!({}), post(message)), report);
}

#[test]
fn an_undocumented_status_is_found_and_a_server_error_is_not_one() {
    let api = small();
    let message = json!({ "content": "hi" });
    let report = "POST /api/v10/channels/1/messages (202): the status is not documented";
    fails(
        &api,
        answered(202, json!({}), post(message.clone())),
        report,
    );
    passes(&api, answered(503, json!("<html>"), post(message)));
}

#[test]
fn an_unknown_or_unreadable_parameter_is_found() {
    let api = small();
    let with = |query: &str| {
        let address = format!("/channels/1/messages?{query}");
        sent("POST", &address, json!({ "content": "hi" }))
    };
    passes(&api, with("wait=1&limit=9&ids=1&ids=2"));
    passes(&api, with("wait=True&ids=1,2"));
    let report = "POST /api/v10/channels/1/messages (204): unknown query parameter speed";
    fails(&api, with("speed=2"), report);
    let report = "POST /api/v10/channels/1/messages (204): query parameter limit can't be \"10\"";
    fails(&api, with("limit=10"), report);
    let report = "GET /api/v10/users/mina (404): path parameter user_id can't be \"mina\"";
    let refusal = json!({ "code": 50_035 });
    fails(
        &api,
        answered(404, refusal, exchange("GET", "/users/mina")),
        report,
    );
}

#[test]
fn the_report_names_the_alternative_that_was_meant() {
    let row = json!({ "type": 1, "components": [{ "type": 2, "label": 5 }] });
    let report = "POST /api/v10/channels/1/messages (204): \
        request/components/0/components/0/label: 5 is not of type \"string\"";
    fails(
        &small(),
        post(json!({ "content": null, "components": [row] })),
        report,
    );
}

#[test]
fn a_long_value_does_not_hide_the_point() {
    let long = json!([["가".repeat(1_000)]]);
    let report = "POST /api/v10/channels/1/messages (204): request/content: \
        this is not of types \"null\", \"string\"";
    fails(&small(), post(json!({ "content": long })), report);
    assert_eq!(shortened("가나다", 2), "가나…");
}

#[test]
fn a_form_is_checked_without_its_files() {
    let api = small();
    passes(&api, sent("POST", "/stickers", json!({ "name": "wave" })));
    let report = "POST /api/v10/stickers (204): request: \"name\" is a required property";
    fails(&api, sent("POST", "/stickers", json!({})), report);
}

#[test]
fn quirks_excuse_one_form_in_one_place() {
    let api = small();
    let message = |field: &str, value: Value| post(json!({ "content": null, field: value }));
    passes(&api, message("default_member_permissions", json!("32")));
    passes(&api, message("attachments", json!([{ "id": 0 }])));
    let select = json!([{ "type": 3, "default_values": [{ "id": 7 }] }]);
    passes(
        &api,
        message("components", json!([{ "type": 1, "components": select }])),
    );

    let report = "POST /api/v10/channels/1/messages (204): request/default_member_permissions: \
        \"all\" is not of type \"integer\"";
    fails(
        &api,
        message("default_member_permissions", json!("all")),
        report,
    );
    let report = "POST /api/v10/channels/1/messages (204): request/allow: \
        \"32\" is not of type \"integer\"";
    fails(&api, message("allow", json!("32")), report);
    let answer = json!({ "content": null, "author": {}, "attachments": [{ "id": 0 }] });
    let report = "POST /api/v10/channels/1/messages (200): response/attachments/0/id: \
        0 is not of type \"string\"";
    fails(
        &api,
        answered(200, answer, post(json!({ "content": null }))),
        report,
    );
}

/// The inline document first, always; Discord's own too where it is at hand.
fn documents() -> impl Iterator<Item = &'static OpenApi> {
    static SMALL: OnceLock<OpenApi> = OnceLock::new();
    std::iter::once(SMALL.get_or_init(small)).chain(OpenApi::from_env())
}

#[test]
fn every_schema_can_be_compiled() {
    for api in documents() {
        let mut schemas = Vec::new();
        find_schemas(&api.document["paths"], "/paths", &mut schemas);
        assert!(schemas.len() > 5, "{schemas:?}");
        for pointer in schemas {
            api.validator(&pointer);
        }
    }
}

fn find_schemas(value: &Value, pointer: &str, found: &mut Vec<String>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        let pointer = format!("{pointer}/{}", escaped(key));
        if key == "schema" {
            found.push(pointer);
        } else {
            find_schemas(value, &pointer, found);
        }
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        find_schemas(value, &format!("{pointer}/{index}"), found);
    }
}

#[test]
fn a_good_message_passes_and_a_bad_one_does_not() {
    for api in documents() {
        let request = json!({
            "content": "끝났어요",
            "nonce": "1234567890123456789",
            "enforce_nonce": true,
            "allowed_mentions": { "parse": [], "users": ["99000000000000001"] },
            "flags": 4096,
            "components": [{ "type": 1, "components": [
                { "type": 2, "style": 1, "label": "완료", "custom_id": "attack:1:done" },
            ] }],
        });
        passes(api, answered(200, message(), post(request)));

        let wrong = post(json!({ "content": 5 }));
        let found = api.violations(&[answered(200, message(), wrong)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("request/content: 5 is not of type"),
            "{found:?}"
        );

        let mut anonymous = message();
        anonymous
            .as_object_mut()
            .expect("an object")
            .remove("author");
        let report = "POST /api/v10/channels/1/messages (200): response: \
            \"author\" is a required property";
        fails(
            api,
            answered(200, anonymous, post(json!({ "content": "hi" }))),
            report,
        );
    }
}

fn message() -> Value {
    json!({
        "id": "5", "channel_id": "1", "type": 0, "content": "끝났어요",
        "author": {
            "id": "7", "username": "timeattack", "discriminator": "0000", "avatar": null,
            "public_flags": 0, "flags": 0, "global_name": null, "primary_guild": null,
            "bot": true,
        },
        "mentions": [], "mention_roles": [], "mention_everyone": false, "attachments": [],
        "embeds": [], "components": [], "timestamp": "2026-11-21T05:00:00.000000+00:00",
        "edited_timestamp": null, "flags": 0, "pinned": false, "tts": false,
    })
}

#[test]
fn every_kind_of_callback_passes() {
    let row = json!([{ "type": 1, "components": [
        { "type": 2, "style": 4, "label": "포기", "custom_id": "attack:1:give-up" },
    ] }]);
    let form = json!([{ "type": 1, "components": [
        { "type": 4, "custom_id": "task", "style": 1, "label": "할 일", "required": true },
    ] }]);
    // The newer kind of form, as discord.py 2.7 sends it.
    let labelled = json!([{ "type": 18, "label": "할 일", "component": {
        "type": 4, "custom_id": "task", "style": 1, "label": null, "required": true,
    } }]);
    let files = json!([{ "id": 0, "filename": "results.csv" }]);
    let reply = json!({ "content": "시작!", "flags": 64, "components": row, "attachments": files });
    let choices = json!({ "choices": [{ "name": "10분", "value": "10m" }] });
    let modal = |components: Value| {
        let data = json!({ "custom_id": "start", "title": "타임어택", "components": components });
        callback(json!({ "type": 9, "data": data }))
    };
    for api in documents() {
        passes(api, callback(json!({ "type": 4, "data": reply })));
        passes(api, callback(json!({ "type": 5, "data": { "flags": 64 } })));
        passes(api, callback(json!({ "type": 6 })));
        passes(
            api,
            callback(json!({ "type": 7, "data": { "content": "끝", "components": [] } })),
        );
        passes(api, callback(json!({ "type": 8, "data": choices })));
        passes(api, modal(form.clone()));
        passes(api, modal(labelled.clone()));
        let asking = Exchange {
            query: "with_response=1".into(),
            ..callback(json!({ "type": 6 }))
        };
        passes(api, asking);

        let report = "POST /api/v10/interactions/1/token/callback (204): \
            request/data/components: [] has less than 1 item";
        fails(api, modal(json!([])), report);
    }
}

fn callback(request: Value) -> Exchange {
    sent("POST", "/interactions/1/token/callback", request)
}

#[test]
fn commands_with_localisations_pass() {
    for api in documents() {
        let list = json!([{
            "type": 1,
            "name": "timeattack",
            "name_localizations": { "ko": "타임어택" },
            "description": "Time attacks",
            "description_localizations": { "ko": "시간 안에 해내기" },
            "default_member_permissions": "32",
            "contexts": [0],
            "options": [{
                "type": 1, "name": "start", "description": "Start one",
                "description_localizations": { "ko": "시작하기" },
                "options": [{
                    "type": 3, "name": "limit", "description": "How long", "required": true,
                    "autocomplete": true, "min_length": 1, "max_length": 100,
                }],
            }],
        }]);
        let registered = answered(200, json!([]), put(list.clone()));
        passes(api, registered);
        let mut wordy = list;
        wordy[0]["options"][0]["options"][0]["description"] = json!("x".repeat(101));
        let found = api.violations(&[answered(200, json!([]), put(wordy))]);
        let place = "request/0/options/0/options/0/description: ";
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(place), "{found:?}");
    }
}

fn put(request: Value) -> Exchange {
    sent("PUT", "/applications/1/guilds/2/commands", request)
}
