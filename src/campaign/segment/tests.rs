use proptest::prelude::*;

use super::*;
use crate::error::Expected;

fn known(pairs: &[(&str, &str)]) -> Attributes {
    let pairs = pairs.iter();
    pairs.map(|(a, b)| ((*a).into(), (*b).into())).collect()
}

#[test]
fn it_means_whom_it_says() {
    let mina = known(&[
        ("gender", "Female"),
        ("joined", "2026-03-01 10:00"),
        ("age", " 31 "),
        ("도시", "서울"),
        ("first_name", "Mina"),
        ("in", "x"),
        ("note", "a \"b\" \\c"),
    ]);
    for (expression, expected) in [
        ("gender = \"Female\" and joined >= 2026-01-01", true),
        ("gender = 'female'", true),
        ("gender = “FEMALE”", true),
        ("gender != \"Male\"", true),
        ("joined < 2026-03-01", false),
        ("joined = 2026-03-01", true),
        ("joined <= 2026-02-28 or age > 30", true),
        ("age = 31", true),
        (
            "age = 31.0 and age >= 31 and age <= 31 and not age != 31",
            true,
        ),
        ("gender > 5", false),
        ("gender <= 5", false),
        ("gender != 5", true),
        ("도시 = \"서울\"", true),
        ("도시 in (\"부산\", \"서울\")", true),
        ("도시 in (\"부산\")", false),
        ("[First Name] = \"mina\"", true),
        ("`First Name` contains \"IN\"", true),
        ("`in` = \"x\"", true),
        ("name contains \"자\"", true),
        // What another keyboard writes as single letters.
        ("name = \"\u{110c}\u{1161}\u{1106}\u{1169}\u{11bc}\"", true),
        ("email contains \"@example.org\"", true),
        ("missing = \"\"", false),
        ("missing != \"x\"", true),
        ("missing < \"x\"", false),
        ("missing < 5", false),
        ("missing in (\"\")", false),
        ("missing contains \"\"", false),
        ("missing is empty", true),
        ("gender is not empty and NOT gender is empty", true),
        ("note contains \"\\\"b\\\" \\\\c\"", true),
        (
            "age in (30, 31) and (joined = 2027-01-01 or gender = \"Female\")",
            true,
        ),
        ("not (gender = \"Female\" and age < 10)", true),
        (
            "gender = \"Male\" or gender = \"Female\" and age = 1",
            false,
        ),
    ] {
        let filter = parse(expression).unwrap_or_else(|fault| panic!("{expression}: {fault:?}"));
        let said = filter.matches("자몽", "mina@example.org", &mina);
        assert_eq!(said, expected, "{expression}");
        assert_eq!(parse(&filter.to_string()), Ok(filter), "{expression}");
    }
}

#[test]
fn a_fault_says_where_and_what_was_expected() {
    for (expression, at, expected, found) in [
        ("", 1, Expected::Field, ""),
        ("gender", 7, Expected::Comparison, ""),
        ("gender =", 9, Expected::Value, ""),
        ("gender = Female", 10, Expected::Value, "Female"),
        ("gender = \"F\" joined", 14, Expected::End, "joined"),
        ("(gender = \"F\"", 14, Expected::Close, ""),
        ("gender in \"F\"", 11, Expected::Open, "\"F\""),
        (
            "gender in (\"F\" \"G\")",
            16,
            Expected::CommaOrClose,
            "\"G\"",
        ),
        ("gender is \"F\"", 11, Expected::Empty, "\"F\""),
        ("and gender = 1", 1, Expected::Field, "and"),
        ("gender = 1 and", 15, Expected::Field, ""),
        ("gender ; 1", 8, Expected::Comparison, ";"),
        ("subject = \"x\"", 1, Expected::Field, "subject"),
        ("😀 = 1", 1, Expected::Field, "😀"),
    ] {
        let fault = SegmentFault::Expected {
            at,
            expected,
            found: found.into(),
        };
        assert_eq!(parse(expression), Err(fault), "{expression}");
    }
    assert_eq!(parse("도시 = \"x"), Err(SegmentFault::Unclosed { at: 6 }));
    for wrong in ["2026-02-30", "12a", "1e400", "--", "2026-1-1"] {
        let fault = SegmentFault::Value {
            at: 5,
            found: wrong.into(),
        };
        assert_eq!(parse(&format!("a > {wrong}")), Err(fault));
    }
    let long = format!("a = \"{}\"", "x".repeat(MOST_LENGTH));
    assert_eq!(
        parse(&long),
        Err(SegmentFault::TooLong { most: MOST_LENGTH })
    );
    let infinite = format!("a > {}", "9".repeat(400));
    assert!(matches!(parse(&infinite), Err(SegmentFault::Value { .. })));
    for deep in ["not ", "("] {
        let deep = format!("{}a = 1", deep.repeat(MOST_DEPTH + 1));
        assert_eq!(
            parse(&deep),
            Err(SegmentFault::TooDeep { most: MOST_DEPTH })
        );
    }
}

#[test]
fn an_attribute_that_nobody_has_is_named_with_the_nearest() {
    let known = BTreeSet::from(["gender".to_owned(), "joined".to_owned()]);
    let check = |expression: &str| parse(expression).unwrap().check(&known);
    assert_eq!(
        check("gender = 1 and not (name = \"x\" or joined is empty)"),
        Ok(())
    );
    let unknown = |name: &str, nearest: Option<&str>| {
        Err(SegmentFault::UnknownField {
            name: name.into(),
            nearest: nearest.map(str::to_owned),
        })
    };
    assert_eq!(check("gendre = 1"), unknown("gendre", Some("gender")));
    assert_eq!(
        check("joined = 1 or e_mail = 1"),
        unknown("e_mail", Some("email"))
    );
    assert_eq!(check("zzz = 1"), unknown("zzz", None));
}

fn fields() -> impl Strategy<Value = Field> {
    prop_oneof![
        Just(Field::Name),
        Just(Field::Email),
        "[a-z가-힣][a-z0-9_가-힣]{0,6}".prop_filter_map("reserved", |name| {
            crate::subscriber::attributes::name(&name).map(Field::Attribute)
        }),
        Just(Field::Attribute("in".into())),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::Text),
        (-1e12_f64..1e12).prop_map(Value::Number),
        (0..3_000_i32, 1..13_u32, 1..29_u32).prop_filter_map("a day", |(year, month, day)| {
            NaiveDate::from_ymd_opt(year, month, day).map(Value::Date)
        }),
    ]
}

fn tests() -> impl Strategy<Value = Test> {
    let comparisons = prop_oneof![
        Just(Comparison::Equal),
        Just(Comparison::Unequal),
        Just(Comparison::Less),
        Just(Comparison::AtMost),
        Just(Comparison::More),
        Just(Comparison::AtLeast),
    ];
    prop_oneof![
        (comparisons, values()).prop_map(|(comparison, value)| Test::Compare(comparison, value)),
        any::<String>().prop_map(Test::Contains),
        prop::collection::vec(values(), 1..4).prop_map(Test::In),
        any::<bool>().prop_map(Test::Empty),
    ]
}

fn filters() -> impl Strategy<Value = Filter> {
    let leaf = (fields(), tests()).prop_map(|(field, test)| Filter::Is(field, test));
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::All),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Any),
            inner.prop_map(|part| Filter::Not(Box::new(part))),
        ]
    })
}

proptest! {
    #[test]
    fn anything_is_read_or_refused(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn anything_like_an_expression_is_read_or_refused(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "a", "가", "and", "or", "not", "in", "is", "empty", "contains", "(", ")", ",", "=",
                "!=", "<=", "\"x\"", "\"", "`b c`", "[", "1", "-", "2026-01-01", "\\", "name",
            ]),
            0..20,
        )
    ) {
        if let Ok(filter) = parse(&words.join(" ")) {
            prop_assert_eq!(parse(&filter.to_string()), Ok(filter.clone()));
            filter.matches("", "", &Attributes::new());
        }
    }

    #[test]
    fn what_is_printed_is_read_back(filter in filters()) {
        let printed = filter.to_string();
        if printed.chars().count() <= MOST_LENGTH {
            prop_assert_eq!(parse(&printed), Ok(filter));
        }
    }
}
