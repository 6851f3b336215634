use super::*;

/// As long as a key must be.
const KEY: &str = "0123456789abcdef0123456789abcdef";
const CANARY: &str = "MTA0-canary.GyUx9a.not-a-real-token";

fn read(pairs: &[(&str, &str)], command: Command) -> Result<Config, ConfigErrors> {
    let pairs: HashMap<_, _> = pairs.iter().copied().collect();
    let lookup = |key: &str| pairs.get(key).map(ToString::to_string);
    Config::from_lookup(&lookup, command)
}

fn faults(pairs: &[(&str, &str)], command: Command) -> Vec<(String, String)> {
    let errors = read(pairs, command).unwrap_err();
    let faults = errors.faults().iter();
    faults.map(|f| (f.key.clone(), f.wrong.clone())).collect()
}

#[test]
fn a_token_is_all_that_the_bot_needs() {
    let config = read(&[("DISCORD_TOKEN", CANARY)], Command::Run).unwrap();
    let token = config.discord.token.unwrap();
    assert_eq!(token.expose_secret(), CANARY);
    assert_eq!(config.discord.api_url.as_str(), "https://discord.com/");
    assert_eq!(config.discord.guild_id, None);
    assert_eq!(config.discord.shards, Shards::Auto);
    assert_eq!(config.database.expose(), "sqlite://data/timeattack.db");
    assert!(config.alert_webhook.is_none());
    assert_eq!(config.http.public_url, "http://127.0.0.1:8080");
    assert_eq!(config.http.addr, "127.0.0.1:8080".parse().ok());
    assert!(config.http.keys.is_empty() && config.http.ses_topics.is_empty());
    let off = [("DISCORD_TOKEN", CANARY), ("HTTP_ADDR", "off")];
    assert_eq!(read(&off, Command::Run).unwrap().http.addr, None);
    let elsewhere = [("HTTP_ADDR", "127.0.0.1:9000")];
    let elsewhere = read(&elsewhere, Command::Check).unwrap();
    assert_eq!(elsewhere.http.public_url, "http://127.0.0.1:9000");
    assert_eq!(config.log, LogConfig::default());
}

#[test]
fn only_the_bot_needs_a_token() {
    for command in [
        Command::Sandbox,
        Command::Migrate,
        Command::Check,
        Command::Backup,
        Command::Commands,
    ] {
        assert!(read(&[], command).unwrap().discord.token.is_none());
    }
    let empty = [("DISCORD_TOKEN", "  ")];
    let expected = [("DISCORD_TOKEN".into(), "not set".into())];
    assert_eq!(faults(&empty, Command::Run), expected);
}

#[test]
fn values_are_read() {
    let config = read(
        &[
            ("DISCORD_API_URL", "http://127.0.0.1:8081"),
            ("DISCORD_GUILD_ID", " 80351110224678912 "),
            ("DISCORD_SHARDS", "2-3/8"),
            ("DATABASE_URL", "postgres://u:p@db:5433/ta"),
            ("HTTP_ADDR", "[::]:80"),
            ("PUBLIC_URL", "https://bot.example.org/ta/"),
            ("SECRET_KEY", &format!("{KEY}new, {KEY}old")),
            ("DM_RATE", "0.5"),
            ("SMTP_URL", "smtps://u:p@mail.example"),
            ("MAIL_DIR", "mails"),
            ("MAIL_FROM", "자몽 <news@example.org>"),
            ("MAIL_GUILDS", "80351110224678912, 7"),
            ("MAIL_CONNECTIONS", "3"),
            ("MAIL_RATE", "14"),
            ("MAIL_DAILY_LIMIT", "50000"),
            ("MAIL_RETRIES", "5"),
            ("MAIL_RETRY_DELAY", "500ms"),
            ("MAIL_DEFER", "30s, 5m,2h"),
            ("MAIL_DKIM_DOMAIN", "Example.org"),
            ("MAIL_DKIM_SELECTOR", "s1"),
            ("MAIL_DKIM_KEY_FILE", "dkim.pem"),
            ("SES_TOPIC_ARNS", "arn:aws:sns:eu-west-1:123456789012:a,"),
            ("ALERT_WEBHOOK_URL", "https://hooks.example/T0/B0"),
            ("LOG_FORMAT", "json"),
            ("RUST_LOG", "warn,timeattack=debug"),
        ],
        Command::Migrate,
    )
    .unwrap();
    assert_eq!(config.discord.api_url.as_str(), "http://127.0.0.1:8081/");
    let guild = GuildId::from(80_351_110_224_678_912);
    assert_eq!(config.discord.guild_id, Some(guild));
    let (first, last, total) = (2, 3, 8);
    assert_eq!(config.discord.shards, Shards::Range { first, last, total });
    assert!(config.database.is_postgres());
    assert_eq!(config.database.to_string(), "postgres://db:5433/ta");
    let http = config.http;
    assert_eq!(http.addr.unwrap().to_string(), "[::]:80");
    assert_eq!(http.public_url, "https://bot.example.org/ta");
    let keys: Vec<_> = http.keys.iter().map(ExposeSecret::expose_secret).collect();
    assert_eq!(keys, [format!("{KEY}new"), format!("{KEY}old")]);
    let topic = Topic {
        arn: "arn:aws:sns:eu-west-1:123456789012:a".into(),
        region: "eu-west-1".into(),
    };
    assert_eq!(http.ses_topics, [topic]);
    assert_eq!(config.dm_rate.to_bits(), 0.5_f64.to_bits());
    let mail = config.mail;
    assert_eq!(mail.server.unwrap().to_string(), "mail.example:465");
    assert_eq!(mail.dir.to_string_lossy(), "mails");
    assert_eq!(mail.from.unwrap().name, "자몽");
    assert_eq!(mail.connections, 3);
    let guilds = [80_351_110_224_678_912, 7].map(GuildId::from);
    assert_eq!(mail.guilds, Some(guilds.into()));
    assert_eq!(mail.rate.to_bits(), 14.0_f64.to_bits());
    assert_eq!((mail.daily_limit, mail.retries), (50_000, 5));
    assert_eq!(mail.retry_delay_ms, 500);
    assert_eq!(mail.defer_ms, [30_000, 300_000, 7_200_000]);
    let dkim = DkimConfig {
        domain: "example.org".into(),
        selector: "s1".into(),
        key_file: "dkim.pem".into(),
    };
    assert_eq!(mail.dkim, Some(dkim));
    let webhook = config.alert_webhook.unwrap();
    assert_eq!(webhook.expose_secret(), "https://hooks.example/T0/B0");
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.log.filter, "warn,timeattack=debug");
}

#[test]
fn every_fault_is_named_at_once() {
    let wrong = [
        ("DISCORD_TOKEN", "Bot abc"),
        ("DISCORD_API_URL", "discord.com"),
        ("DISCORD_GUILD_ID", "my server"),
        ("DISCORD_SHARDS", "4-2/8"),
        ("DISCORD_GLOBAL_RATE", "fifty"),
        ("DATABASE_URL", "mysql://u:p@h/d"),
        ("HTTP_ADDR", "8080"),
        ("PUBLIC_URL", "bot.example.org"),
        ("SECRET_KEY", "too short"),
        ("SES_TOPIC_ARNS", "bounces"),
        ("DM_RATE", "fast"),
        ("SMTP_URL", "http://mail.example"),
        ("MAIL_FROM", "mina"),
        ("MAIL_GUILDS", "1,mine"),
        ("MAIL_CONNECTIONS", "many"),
        ("MAIL_RATE", "fast"),
        ("MAIL_DAILY_LIMIT", "few"),
        ("MAIL_RETRIES", "often"),
        ("MAIL_RETRY_DELAY", "1"),
        ("MAIL_DEFER", "soon"),
        ("MAIL_DKIM_DOMAIN", "exa mple"),
        ("ALERT_WEBHOOK_URL", "hooks.example/T0/B0"),
        ("LOG_FORMAT", "xml"),
        ("RUST_LOG", "timeattack=loud"),
    ];
    let errors = read(&wrong, Command::Run).unwrap_err();
    let keys: Vec<_> = errors.faults().iter().map(|f| f.key.as_str()).collect();
    let mut expected: Vec<_> = wrong.iter().map(|(key, _)| *key).collect();
    // What is missing beside it is told before what is wrong with it.
    let dkim = expected
        .iter()
        .position(|key| *key == "MAIL_DKIM_DOMAIN")
        .unwrap();
    expected.splice(dkim..dkim, ["MAIL_DKIM_SELECTOR", "MAIL_DKIM_KEY_FILE"]);
    assert_eq!(keys, expected);
    let message = errors.to_string();
    assert!(message.contains("DISCORD_GUILD_ID: \"my server\" isn't a server's id"));
    assert!(message.contains("write text or json"));
}

#[test]
fn wrong_values_are_refused() {
    for (key, values) in [
        (
            "DISCORD_SHARDS",
            &["0", "0/1", "0-1", "1-1/1", "a-b/c", "0-0/0", "0-1/99999"][..],
        ),
        (
            "DISCORD_GUILD_ID",
            &["0", "-1", "1.5", "99999999999999999999"],
        ),
        (
            "DISCORD_API_URL",
            &[
                "ftp://h",
                "https://",
                "https://h/?a",
                "https://h/api/v10",
                "http://u:p@h",
            ],
        ),
        (
            "DATABASE_URL",
            &[
                "sqlite:",
                "sqlite://",
                "sqlite::memory:",
                "data.db",
                "postgres://u:p#x@h:y/d",
            ],
        ),
        (
            "HTTP_ADDR",
            &["localhost:80", ":80", "127.0.0.1", "1.2.3.4:x"],
        ),
        (
            "PUBLIC_URL",
            &[
                "ftp://h",
                "https://",
                "https://h/?a",
                "https://h/#a",
                "http://u:p@h",
            ],
        ),
        (
            "SECRET_KEY",
            &["short", ",,", "0123456789 0123456789 0123456789 0"],
        ),
        (
            "SES_TOPIC_ARNS",
            &[
                "arn:aws:sqs:eu-west-1:123456789012:a",
                "arn:aws:sns:evil.test/:123456789012:a",
                "arn:aws:sns:eu-west-1:12345678901:a",
                "arn:aws:sns:eu-west-1:123456789012:",
                "arn:aws:sns:eu-west-1:123456789012:a:b",
            ],
        ),
        ("DM_RATE", &["-1", "NaN", "inf", "1e9", "0.0001", "1/s"]),
        (
            "SMTP_URL",
            &[
                "mail.example",
                "http://h",
                "smtp://u@h",
                "smtp://h?tls=x",
                "smtps://h?tls=none",
            ],
        ),
        (
            "MAIL_FROM",
            &[
                "x",
                "A <a@b>",
                "A <미나@example.org>",
                "a@example.org,b@example.org",
            ],
        ),
        (
            "MAIL_GUILDS",
            &["x", "0", "1;2", "-5", "99999999999999999999"],
        ),
        ("MAIL_CONNECTIONS", &["0", "101", "-1", "ten"]),
        ("MAIL_RATE", &["-1", "NaN", "inf", "1e9"]),
        ("MAIL_DAILY_LIMIT", &["-1", "1.5", "99999999999"]),
        ("MAIL_RETRIES", &["-1", "11"]),
        ("MAIL_RETRY_DELAY", &["0s", "2m", "1 week", "s", "-1s"]),
        (
            "MAIL_DEFER",
            &["5m,", "5", "8d", "1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s"],
        ),
        ("DISCORD_TOKEN", &["two words", "토큰", "Bot x"]),
        (
            "ALERT_WEBHOOK_URL",
            &[
                "hooks.example/x",
                "https://",
                "ftp://h/x",
                "mailto:a@b.example",
            ],
        ),
    ] {
        for value in values {
            let faults = faults(&[(key, value)], Command::Check);
            assert_eq!(faults.len(), 1, "{key}={value}: {faults:?}");
            assert_eq!(faults[0].0, key);
        }
    }
}

#[test]
fn secrets_come_from_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("token"), format!("{CANARY}\n")).unwrap();
    std::fs::write(path("empty"), "\n").unwrap();

    let config = read(&[("DISCORD_TOKEN_FILE", &path("token"))], Command::Run).unwrap();
    assert_eq!(config.discord.token.unwrap().expose_secret(), CANARY);

    let both = [
        ("DISCORD_TOKEN", "x"),
        ("DISCORD_TOKEN_FILE", &*path("token")),
    ];
    let expected = "set together with DISCORD_TOKEN_FILE";
    assert_eq!(faults(&both, Command::Run)[0].1, expected);
    for name in ["empty", "absent"] {
        let faults = faults(&[("DISCORD_TOKEN_FILE", &path(name))], Command::Run);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].0, "DISCORD_TOKEN_FILE");
    }
}

#[test]
fn the_sandbox_cannot_reach_the_real_discord_or_the_real_data() {
    let real = [
        ("DISCORD_TOKEN", CANARY),
        ("DISCORD_GUILD_ID", "no number"),
        ("DATABASE_URL", "postgres://u:p@h/d"),
        ("ALERT_WEBHOOK_URL", "https://hooks.example/T0/B0"),
        ("SMTP_URL", "smtp://mail.example"),
        ("MAIL_FROM", "no address"),
        ("HTTP_ADDR", "no address"),
        ("SECRET_KEY", "short"),
        ("LOG_FORMAT", "json"),
    ];
    let config = read(&real, Command::Sandbox).unwrap();
    assert!(config.mail.server.is_none());
    assert!(config.discord.token.is_none());
    assert!(config.alert_webhook.is_none());
    assert!(!config.database.is_postgres());
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn no_secret_is_shown() {
    let url = "postgres://user:p%40ss-canary@db/ta?password=canary-too";
    let webhook = "https://hooks.example/T0/canary";
    let smtp = "smtps://canary-user:c%61nary-mail@mail.example";
    let (new_key, old_key) = (format!("{KEY}canary-new"), format!("{KEY}canary-old"));
    let two_keys = format!("{new_key},{old_key}");
    let good = [
        ("DISCORD_TOKEN", CANARY),
        ("DATABASE_URL", url),
        ("SECRET_KEY", &two_keys),
        ("SMTP_URL", smtp),
        ("ALERT_WEBHOOK_URL", webhook),
    ];
    let config = read(&good, Command::Run).unwrap();
    let secrets = config.secrets();
    let secrets: Vec<_> = secrets.iter().map(ExposeSecret::expose_secret).collect();
    assert_eq!(
        secrets,
        [
            CANARY,
            "p@ss-canary",
            "p%40ss-canary",
            "canary-too",
            &new_key,
            &old_key,
            smtp,
            "canary-mail",
            "AGNhbmFyeS11c2VyAGNhbmFyeS1tYWls",
            "Y2FuYXJ5LW1haWw=",
            webhook
        ]
    );
    let mut shown = format!("{config:?} {config:#?} {}", config.database);

    // Wrong values, and right ones under the wrong key.
    let in_spaces = format!("{CANARY} {CANARY}");
    for key in KEYS {
        for secret in [
            CANARY,
            &in_spaces,
            url,
            smtp,
            "smtp://canary@h",
            "mysql://u:canary@h",
            "postgres://u:canary@h:x",
        ] {
            if let Err(errors) = read(&[(key, secret)], Command::Run) {
                shown += &format!("{errors} {errors:?}");
            }
        }
    }
    let content = format!("A=1\nDISCORD_TOKEN={in_spaces}\nB=2");
    let (values, faults) = parse_dot_env(&content);
    assert_eq!(faults[0].wrong, "line 2 cannot be read");
    assert_eq!((faults.len(), values.len()), (1, 2));
    shown += &format!("{faults:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn every_key_is_documented() {
    let example = include_str!("../../.env.example");
    for document in [
        include_str!("../../README.md"),
        include_str!("../../README.ko.md"),
    ] {
        for key in KEYS {
            let star = if SECRETS.contains(&key) { " *" } else { "" };
            assert!(document.contains(&format!("\n| `{key}`{star} |")), "{key}");
        }
    }
    let is_comment = |line: &&str| line.is_empty() || line.starts_with("# ");
    let lines = example.lines().filter(|line| !is_comment(line));
    let pairs = lines.filter_map(|line| line.trim_start_matches('#').split_once('='));
    let keys: Vec<_> = pairs.map(|(key, _)| key).collect();
    let with_files = KEYS.iter().flat_map(|key| {
        let file = SECRETS.contains(key).then(|| format!("{key}_FILE"));
        std::iter::once((*key).to_owned()).chain(file)
    });
    assert_eq!(keys, with_files.collect::<Vec<_>>());

    // As it is, and with every default written out, it is what there is without it.
    let bare = example.replace("\n#DISCORD_GUILD_ID=\n", "\n");
    for content in [
        example.to_owned(),
        ["\n#D", "\n#A", "\n#H", "\n#P", "\n#L", "\n#S", "\n#M"]
            .iter()
            .fold(bare, |bare, key| bare.replace(key, &key.replace('#', ""))),
    ] {
        let (values, _) = parse_dot_env(&content);
        let lookup = |key: &str| values.get(key).cloned();
        let config = Config::from_lookup(&lookup, Command::Migrate).unwrap();
        assert_eq!(
            format!("{config:?}"),
            format!("{:?}", read(&[], Command::Migrate).unwrap())
        );
    }
}

#[test]
fn dot_env_is_read() {
    let content = "# a comment\n\nLOG_FORMAT=json\nexport RUST_LOG='warn,a=b'\nLOG_FORMAT=text";
    let (values, faults) = parse_dot_env(content);
    assert_eq!(faults, []);
    assert_eq!(values["LOG_FORMAT"], "json");
    assert_eq!(values["RUST_LOG"], "warn,a=b");
}
