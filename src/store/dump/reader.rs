//! Parses a dump and accepts only our tables and rows of literals. MariaDB's own client executes what a dump contains,
//! including shell commands (`\!`), and the server reads and writes files if a statement says so. A dump that was
//! tampered with must be able to do neither. So no dump is passed to that client: each statement is parsed here, must
//! have one of two forms, and is sent to the server separately. Settings in the dump are ignored.

use std::io::{self, BufRead};

/// Maximum length of a statement in bytes: the server's limit.
const MAX_STATEMENT_BYTES: usize = 64 * 1024 * 1024;
/// Maximum number of characters of a refused statement in the error message.
const TOLD_CHARS: usize = 60;

/// A statement of a dump that has an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DumpStatement {
    /// Creates a table.
    Create(String),
    /// Inserts rows.
    Insert(String),
}

/// Why a dump is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("cannot read on")]
    File(#[from] io::Error),
    /// It contains something that our dumps never contain.
    #[error("line {line}: a dump of ours does not say: {told}")]
    Foreign {
        line: usize,
        /// The statement, truncated.
        told: String,
    },
}

/// Iterates over the statements of a dump.
pub(super) struct Statements<R> {
    input: R,
    line: usize,
}

impl<R: BufRead> Statements<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, line: 1 }
    }

    /// Returns the next statement that has an effect; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<DumpStatement>, ReadError> {
        loop {
            self.blanks()?;
            let line = self.line;
            let Some(text) = self.one()? else { return Ok(None) };
            let foreign = || ReadError::Foreign { line, told: told(&text) };
            let text = std::str::from_utf8(&text).map_err(|_| foreign())?;
            match shape(text).ok_or_else(foreign)? {
                Shape::Idle => {}
                Shape::Create => return Ok(Some(DumpStatement::Create(text.to_owned()))),
                Shape::Insert => return Ok(Some(DumpStatement::Insert(text.to_owned()))),
            }
        }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.input.fill_buf()?.first().copied())
    }

    fn take(&mut self) -> io::Result<Option<u8>> {
        let next = self.peek()?;
        if let Some(byte) = next {
            self.input.consume(1);
            self.line += usize::from(byte == b'\n');
        }
        Ok(next)
    }

    fn blanks(&mut self) -> io::Result<()> {
        while self.peek()?.is_some_and(|byte| byte.is_ascii_whitespace() || byte == b';') {
            self.take()?;
        }
        Ok(())
    }

    /// Reads one statement without its semicolon, or one comment. Quotes are parsed as the server does in the SQL mode
    /// that the loader sets: backslashes escape, and double quotes do not quote.
    fn one(&mut self) -> Result<Option<Vec<u8>>, ReadError> {
        let (mut text, mut quote) = (Vec::new(), None);
        loop {
            let Some(byte) = self.take()? else {
                if text.is_empty() {
                    return Ok(None);
                }
                // A truncated file.
                return Err(ReadError::Foreign { line: self.line, told: told(&text) });
            };
            if byte == b';' && quote.is_none() && !text.starts_with(b"/*") {
                return Ok(Some(text));
            }
            text.push(byte);
            if text.len() > MAX_STATEMENT_BYTES {
                return Err(ReadError::Foreign { line: self.line, told: told(&text) });
            }
            let comment = text.starts_with(b"/*") && quote.is_none();
            match quote {
                None if comment && text.len() > 3 && text.ends_with(b"*/") => return Ok(Some(text)),
                None if text == b"--" => return self.rest_of_line(text).map(Some),
                None if !comment && matches!(byte, b'\'' | b'`') => quote = Some(byte),
                Some(b'\'') if byte == b'\\' => text.extend(self.take()?),
                // A doubled quote ends one string and begins another.
                Some(open) if byte == open => quote = None,
                _ => {}
            }
        }
    }

    fn rest_of_line(&mut self, mut text: Vec<u8>) -> Result<Vec<u8>, ReadError> {
        while let Some(byte) = self.peek()?.filter(|byte| *byte != b'\n') {
            text.push(byte);
            self.take()?;
        }
        Ok(text)
    }
}

fn told(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(&text[..text.len().min(TOLD_CHARS * 4)]).into_owned();
    text.chars().take(TOLD_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The kind of a statement.
enum Shape {
    /// Settings, locks and comments; none of them is sent.
    Idle,
    Create,
    Insert,
}

fn shape(text: &str) -> Option<Shape> {
    if text.starts_with("-- ") || text == "--" {
        return Some(Shape::Idle);
    }
    if let Some(body) = text.strip_prefix("/*").and_then(|text| text.strip_suffix("*/")) {
        // A comment that some server versions execute.
        let body = body.strip_prefix('M').unwrap_or(body).strip_prefix('!')?;
        let body = body.trim_start_matches(|c: char| c.is_ascii_digit()).trim();
        let sandbox = body == "\\- enable the sandbox mode";
        return (sandbox || idle(body)).then_some(Shape::Idle);
    }
    if idle(text) {
        return Some(Shape::Idle);
    }
    let tokens = tokens(text)?;
    let mut rest = tokens.as_slice();
    match (word(&mut rest)?.as_str(), word(&mut rest)?.as_str()) {
        ("create", "table") => table(rest).then_some(Shape::Create),
        ("insert", "into") => rows(rest).then_some(Shape::Insert),
        _ => None,
    }
}

/// Whether a statement only prepares the session of the client, which is not used here.
fn idle(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let keys =
        lower.starts_with("alter table `") && (lower.ends_with(" disable keys") || lower.ends_with(" enable keys"));
    let lock = lower.starts_with("lock tables `") && lower.ends_with(" write");
    lower.starts_with("set ") || keys || lock || lower == "unlock tables" || lower == "commit"
}

/// A token of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// Letters, digits and `_`.
    Word(&'a str),
    /// A name in backquotes.
    Name,
    /// A quoted string.
    Text,
    /// A bracket, a comma or similar.
    Mark(char),
}

/// Splits a statement into tokens; returns `None` if it contains anything else.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let (bytes, mut at, mut tokens) = (text.as_bytes(), 0, Vec::new());
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    while let Some(byte) = bytes.get(at) {
        let begun = at;
        match byte {
            byte if byte.is_ascii_whitespace() => at += 1,
            b'\'' => {
                at += 1;
                while *bytes.get(at)? != b'\'' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
                tokens.push(Token::Text);
            }
            b'`' => {
                at += 1 + bytes[at + 1..].iter().position(|byte| *byte == b'`')? + 1;
                tokens.push(Token::Name);
            }
            byte if is_word(byte) => {
                at += bytes[at..].iter().take_while(|byte| is_word(byte)).count();
                tokens.push(Token::Word(&text[begun..at]));
            }
            b'(' | b')' | b',' | b'=' | b'.' | b'-' | b'+' => {
                at += 1;
                tokens.push(Token::Mark(char::from(*byte)));
            }
            _ => return None,
        }
    }
    Some(tokens)
}

fn word(rest: &mut &[Token<'_>]) -> Option<String> {
    let (Token::Word(word), after) = rest.split_first()? else { return None };
    *rest = after;
    Some(word.to_ascii_lowercase())
}

fn mark(rest: &mut &[Token<'_>], wanted: char) -> Option<()> {
    let (token, after) = rest.split_first()?;
    (*token == Token::Mark(wanted)).then(|| *rest = after)
}

fn name(rest: &mut &[Token<'_>]) -> Option<()> {
    let (Token::Name, after) = rest.split_first()? else { return None };
    *rest = after;
    Some(())
}

/// Allowed words in our table definitions: column types, keys and the one engine. None of them reads, writes or calls
/// anything.
const TABLE_WORDS: [&str; 61] = [
    "action", "auto_increment", "bigint", "binary", "bit", "blob", "boolean", "btree", "cascade", "char", "character",
    "charset", "check", "collate", "comment", "compact", "constraint", "current_timestamp", "date", "datetime",
    "decimal", "default", "delete", "dynamic", "engine", "foreign", "fulltext", "generated", "innodb", "int",
    "json_valid", "key", "longblob", "longtext", "mediumblob", "mediumint", "mediumtext", "no", "not", "null", "on",
    "primary", "references", "restrict", "row_format", "set", "smallint", "text", "time", "timestamp", "tinyblob",
    "tinyint", "tinytext", "unique", "unsigned", "update", "using", "varbinary", "varchar", "virtual", "zerofill",
];

/// Accepts a name, columns and keys in brackets, and table options.
fn table(mut rest: &[Token<'_>]) -> bool {
    let known = |token: &Token<'_>| match token {
        Token::Word(word) => {
            let word = word.to_ascii_lowercase();
            word.bytes().all(|byte| byte.is_ascii_digit())
                || word.starts_with("utf8mb4")
                || TABLE_WORDS.binary_search(&word.as_str()).is_ok()
        }
        Token::Mark(mark) => matches!(mark, '(' | ')' | ',' | '='),
        Token::Name | Token::Text => true,
    };
    name(&mut rest).is_some() && rest.first() == Some(&Token::Mark('(')) && rest.iter().all(known)
}

/// Accepts a name, optional column names, and rows of literals.
fn rows(mut rest: &[Token<'_>]) -> bool {
    fn list(rest: &mut &[Token<'_>], item: fn(&mut &[Token<'_>]) -> Option<()>) -> Option<()> {
        mark(rest, '(')?;
        item(rest)?;
        while mark(rest, ',').is_some() {
            item(rest)?;
        }
        mark(rest, ')')
    }
    let mut read = || {
        name(&mut rest)?;
        if rest.first() == Some(&Token::Mark('(')) {
            list(&mut rest, name)?;
        }
        (word(&mut rest)? == "values").then_some(())?;
        loop {
            list(&mut rest, literal)?;
            if rest.is_empty() {
                return Some(());
            }
            mark(&mut rest, ',')?;
        }
    };
    read().is_some()
}

/// Accepts a string, a number, hexadecimal bytes or null.
fn literal(rest: &mut &[Token<'_>]) -> Option<()> {
    // At most one sign: two would begin a comment.
    if let Some(Token::Mark('-' | '+')) = rest.first() {
        *rest = &rest[1..];
    }
    match rest.split_first()? {
        (Token::Text, after) => {
            *rest = after;
            // 'it''s' is two strings here.
            while let Some(Token::Text) = rest.first() {
                *rest = &rest[1..];
            }
            Some(())
        }
        (Token::Word(first), after) => {
            *rest = after;
            let first = first.to_ascii_lowercase();
            if first == "_binary" || first == "b" {
                return matches!(rest.first(), Some(Token::Text)).then(|| *rest = &rest[1..]);
            }
            let hex = first.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
            if first == "null" || hex { Some(()) } else { number(first, rest) }
        }
        _ => None,
    }
}

/// Accepts a number whose first word has been read: `1`, `1.5`, `1e10`, `1.5e-7`.
fn number(first: String, rest: &mut &[Token<'_>]) -> Option<()> {
    let mut last = first;
    digits(&last)?;
    if mark(rest, '.').is_some() {
        last = word(rest)?;
        digits(&last)?;
    }
    if last.ends_with('e') {
        mark(rest, '-').or_else(|| mark(rest, '+'))?;
        digits(&word(rest)?)?;
    }
    Some(())
}

/// Accepts digits, with an optional exponent or the beginning of one.
fn digits(word: &str) -> Option<()> {
    let word = word.strip_suffix('e').unwrap_or(word);
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (all(word) || word.split_once('e').is_some_and(|(one, other)| all(one) && all(other))).then_some(())
}

#[cfg(test)]
mod tests;
