//! The expressions of workflows, as far as `action.yml` uses them. What is not understood fails the test.

/// A value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Text(String),
}

impl Value {
    /// As it is put into text.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(value) => value.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// As the runner compares: text without regard to case, and other kinds as numbers.
    fn equals(&self, other: &Self) -> bool {
        if let (Self::Text(a), Self::Text(b)) = (self, other) {
            return a.to_uppercase() == b.to_uppercase();
        }
        let number = |value: &Self| match value {
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(u8::from(*value)),
            Self::Text(text) if text.trim().is_empty() => 0.0,
            Self::Text(text) => text.trim().parse().unwrap_or(f64::NAN),
        };
        let (a, b) = (number(self), number(other));
        !a.is_nan() && a.partial_cmp(&b) == Some(std::cmp::Ordering::Equal)
    }
}

/// Where names get their values, and how the job stands.
pub(super) trait Names {
    /// The value of `a.b.c`; panics for a context that does not exist.
    fn value(&self, path: &str) -> Value;
    /// Whether a step before has failed.
    fn failed(&self) -> bool;
}

/// Replaces each `${{ }}` in a text.
pub(super) fn fill(text: &str, names: &dyn Names) -> String {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some(start) = rest.find("${{") {
        let end = start + rest[start..].find("}}").expect("an expression ends");
        filled.push_str(&rest[..start]);
        filled.push_str(&evaluate(&rest[start + 3..end], names).text());
        rest = &rest[end + 2..];
    }
    filled + rest
}

/// Whether a step with this `if` runs. Without a function that asks how the job stands, it runs after no failure.
pub(super) fn condition(text: Option<&str>, names: &dyn Names) -> bool {
    let Some(text) = text else {
        return !names.failed();
    };
    let inner = text.trim();
    let inner = inner.strip_prefix("${{").map_or(inner, |inner| {
        inner.strip_suffix("}}").expect("an expression ends")
    });
    let asks = ["always(", "success(", "failure(", "cancelled("];
    let asks = asks.iter().any(|function| inner.contains(function));
    (asks || !names.failed()) && evaluate(inner, names).is_true()
}

/// The value of an expression.
pub(super) fn evaluate(text: &str, names: &dyn Names) -> Value {
    let mut parser = Parser { rest: text, names };
    let value = parser.either();
    assert_eq!(parser.rest.trim(), "", "the end of {text:?}");
    value
}

struct Parser<'a> {
    rest: &'a str,
    names: &'a dyn Names,
}

impl Parser<'_> {
    fn takes(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        if let Some(rest) = rest.strip_prefix(token) {
            self.rest = rest;
            return true;
        }
        false
    }

    fn either(&mut self) -> Value {
        let mut value = self.both();
        while self.takes("||") {
            let other = self.both();
            value = if value.is_true() { value } else { other };
        }
        value
    }

    fn both(&mut self) -> Value {
        let mut value = self.comparison();
        while self.takes("&&") {
            let other = self.comparison();
            value = if value.is_true() { other } else { value };
        }
        value
    }

    fn comparison(&mut self) -> Value {
        let value = self.single();
        if self.takes("==") {
            return Value::Bool(value.equals(&self.single()));
        }
        if self.takes("!=") {
            return Value::Bool(!value.equals(&self.single()));
        }
        value
    }

    fn single(&mut self) -> Value {
        if self.takes("!") {
            return Value::Bool(!self.single().is_true());
        }
        if self.takes("(") {
            let value = self.either();
            assert!(self.takes(")"), "a closing bracket before {:?}", self.rest);
            return value;
        }
        if self.takes("'") {
            return Value::Text(self.quoted());
        }
        let rest = self.rest.trim_start();
        let end = rest
            .find(|letter: char| !(letter.is_ascii_alphanumeric() || "._-".contains(letter)))
            .unwrap_or(rest.len());
        let word = &rest[..end];
        self.rest = &rest[end..];
        if self.takes("(") {
            assert!(self.takes(")"), "{word}: only functions without arguments");
            return self.function(word);
        }
        match word {
            "true" | "false" => Value::Bool(word == "true"),
            "null" => Value::Null,
            _ => {
                assert!(word.contains('.'), "not understood: {word:?} in {rest:?}");
                self.names.value(word)
            }
        }
    }

    fn quoted(&mut self) -> String {
        let mut text = String::new();
        loop {
            let end = self.rest.find('\'').expect("a text ends");
            text.push_str(&self.rest[..end]);
            self.rest = &self.rest[end + 1..];
            let Some(rest) = self.rest.strip_prefix('\'') else {
                return text;
            };
            text.push('\'');
            self.rest = rest;
        }
    }

    fn function(&self, name: &str) -> Value {
        match name {
            "always" => Value::Bool(true),
            "success" => Value::Bool(!self.names.failed()),
            "failure" => Value::Bool(self.names.failed()),
            _ => panic!("not understood: the function {name}"),
        }
    }
}

#[test]
fn expressions_have_the_values_that_the_runner_gives_them() {
    struct Fixed(bool);
    impl Names for Fixed {
        fn value(&self, path: &str) -> Value {
            match path {
                "inputs.yes" => Value::Text("True".into()),
                "inputs.empty" => Value::Text(String::new()),
                _ => Value::Null,
            }
        }
        fn failed(&self) -> bool {
            self.0
        }
    }
    let value = |text| evaluate(text, &Fixed(false)).text();
    assert_eq!(value("inputs.yes == 'true' && 'it''s' || 'no'"), "it's");
    assert_eq!(value("inputs.empty || inputs.none || 'last'"), "last");
    assert_eq!(value("!inputs.empty && inputs.none != 'x'"), "true");
    assert_eq!(value("inputs.none == ''"), "true");
    assert_eq!(value("(always() && failure()) || success()"), "true");
    assert_eq!(
        fill("a${{ inputs.yes }}b${{inputs.none}}", &Fixed(false)),
        "aTrueb"
    );
    assert!(!condition(None, &Fixed(true)));
    assert!(!condition(Some("${{ inputs.yes }}"), &Fixed(true)));
    assert!(condition(
        Some("${{ always() && inputs.yes }}"),
        &Fixed(true)
    ));
}
