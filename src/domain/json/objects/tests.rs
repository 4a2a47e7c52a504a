use crate::domain::json::{JsonError, Limits, from_str, from_value};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, fmt::Debug};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Point {
    x: u32,
    #[serde(default)]
    y: Option<u32>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Wrapped(Point);

#[derive(Debug, PartialEq, Deserialize)]
struct Pair(u32, u32);

#[derive(Debug, PartialEq, Deserialize)]
enum Shape {
    Dot,
    At(Point),
    Line(u32, u32),
    Box { side: u32 },
}

#[derive(Debug, PartialEq, Deserialize)]
struct Whole {
    point: Point,
    maybe: Option<Point>,
    wrapped: Wrapped,
    list: Vec<Point>,
    named: BTreeMap<String, Point>,
    shape: Shape,
    pair: (u32, Point),
    any: Json,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Flat {
    own: u32,
    #[serde(flatten)]
    rest: Point,
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    from_str(text, Limits::bytes(10_000))
}

/// Both readers, of bytes and of what was read already, refuse with the same path.
fn refuses<T: DeserializeOwned + Debug>(text: &str, path: &str) {
    let Err(error) = read::<T>(text) else { unreachable!("{text} is read") };
    assert_eq!(error.path, path, "{text}: {error}");
    assert!(error.to_string().contains("invalid type: sequence, expected"), "{text}: {error}");
    assert_eq!(error.line, 1, "{error:?}");
    let value = read::<Json>(text).unwrap();
    assert_eq!(from_value::<T>(&value).unwrap_err().path, path, "{text}");
}

fn reads<T: DeserializeOwned + Debug + PartialEq>(text: &str, expected: &T) {
    assert_eq!(read::<T>(text).as_ref(), Ok(expected), "{text}");
    assert_eq!(from_value::<T>(&read::<Json>(text).unwrap()).as_ref(), Ok(expected), "{text}");
}

fn whole() -> Json {
    json!({
        "point": { "x": 1 }, "maybe": { "x": 1 }, "wrapped": { "x": 1 }, "list": [{ "x": 1 }],
        "named": { "a": { "x": 1 } }, "shape": { "At": { "x": 1 } }, "pair": [1, { "x": 1 }], "any": [[1], { "a": [2] }],
    })
}

#[test]
fn an_array_is_no_object_at_any_depth() {
    refuses::<Point>("[1,2]", "");
    refuses::<Point>("[]", "");
    refuses::<Wrapped>("[1,2]", "");
    refuses::<Option<Point>>("[1]", "");
    refuses::<Vec<Point>>("[{\"x\":1},[1]]", "[1]");
    refuses::<Flat>("[1,2]", "");
    assert!(read::<Whole>(&whole().to_string()).is_ok());
    for (member, value, path) in [
        ("point", json!([1, 2]), "point"),
        ("maybe", json!([1, 2]), "maybe"),
        ("wrapped", json!([1, 2]), "wrapped"),
        ("list", json!([{ "x": 1 }, [1, 2]]), "list[1]"),
        ("named", json!({ "b": [1, 2] }), "named.b"),
        ("shape", json!({ "At": [1, 2] }), "shape.At"),
        ("shape", json!({ "Box": [1] }), "shape.Box"),
        ("pair", json!([1, [1, 2]]), "pair[1]"),
    ] {
        let mut json = whole();
        json[member] = value;
        refuses::<Whole>(&json.to_string(), path);
    }
}

#[test]
fn arrays_stay_what_they_are() {
    reads("[1,2]", &Pair(1, 2));
    reads("[1,2]", &(1_u32, 2_u32));
    reads("[1,2]", &vec![1_u32, 2]);
    reads("{\"Line\":[1,2]}", &Shape::Line(1, 2));
    reads("{\"Box\":{\"side\":1}}", &Shape::Box { side: 1 });
    reads("\"Dot\"", &Shape::Dot);
    reads("[1,[2,{\"a\":[]}],null,true,1.5,\"x\"]", &json!([1, [2, { "a": [] }], null, true, 1.5, "x"]));
    reads("{\"own\":1,\"x\":2}", &Flat { own: 1, rest: Point { x: 2, y: None } });
    reads("null", &None::<Point>);
    reads("{\"x\":1,\"y\":null}", &Point { x: 1, y: None });
}

#[test]
fn messages_are_those_of_the_reader() {
    for text in ["{\"x\":\"a\"}", "{\"y\":1}", "{\"x\":1,\"z\":2}", "{\n\"x\":-1}", "3", "{\"x\":1.5}"] {
        let theirs = serde_json::from_str::<Point>(text).unwrap_err();
        let ours = read::<Point>(text).unwrap_err();
        assert!(ours.to_string().ends_with(&theirs.to_string()), "{ours} / {theirs}");
        assert_eq!((ours.line, ours.column), (theirs.line(), theirs.column()), "{text}");
    }
}
