//! A Rust file as the rules look at it: its code without comments and strings, its comments, and the paths it names.

/// One file. `code` and `comments` each leave out what the other holds, and what is in strings.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) code: String,
    pub(crate) comments: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (code, comments) = split(text);
        Self { path: path.to_owned(), text: text.to_owned(), code, comments }
    }

    /// The code without its inline `#[cfg(test)]` modules and items.
    pub(crate) fn code_without_tests(&self) -> String {
        let mut code = self.code.clone();
        while let Some(start) = code.find("#[cfg(test)]") {
            let end = start + item_len(&code[start..]);
            let lines = code[start..end].matches('\n').count();
            code.replace_range(start..end, &"\n".repeat(lines));
        }
        code
    }

    /// The modules that a file declares for tests only: `#[cfg(test)] mod name;`.
    pub(crate) fn test_modules(&self) -> Vec<String> {
        let after = |part: &str| -> Option<String> {
            let name = part.trim_start().strip_prefix("mod ")?.split(';').next()?;
            (!name.contains('{')).then(|| name.trim().to_owned())
        };
        self.code.split("#[cfg(test)]").skip(1).filter_map(after).collect()
    }

    /// The identifiers and keywords of the code, one after another.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        self.code.split(|c: char| !is_word(c)).filter(|word| !word.is_empty())
    }
}

/// A path that code names, its groups taken apart, and the inline modules around it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) inside: Vec<String>,
}

/// Every path of at least two segments in `code`, in a `use` or anywhere else.
pub(crate) fn paths(code: &str) -> Vec<Path> {
    let mut found = Vec::new();
    // The inline modules that are open, each with the depth of braces at which it closes.
    let mut open: Vec<(String, usize)> = Vec::new();
    let (mut depth, mut at) = (0_usize, 0);
    let mut before_last = "";
    let mut last = "";
    while let Some(c) = code[at..].chars().next() {
        if is_word(c) {
            let word = leading_word(&code[at..]);
            let is_first = !code[..at].trim_end().ends_with("::");
            if is_first && code[at + word.len()..].starts_with("::") {
                let (trees, len) = tree(&code[at..]);
                let inside: Vec<_> = open.iter().map(|(name, _)| name.clone()).collect();
                found.extend(trees.into_iter().map(|segments| Path { segments, inside: inside.clone() }));
                at += len;
                (before_last, last) = ("", "");
                continue;
            }
            (before_last, last) = (last, word);
            at += word.len();
            continue;
        }
        if c == '{' {
            if before_last == "mod" {
                open.push((last.to_owned(), depth));
            }
            depth += 1;
        } else if c == '}' {
            depth = depth.saturating_sub(1);
            if open.last().is_some_and(|(_, at)| *at == depth) {
                open.pop();
            }
        }
        if !c.is_whitespace() {
            (before_last, last) = ("", "");
        }
        at += c.len_utf8();
    }
    found
}

/// Reads `a::b::{c, d::e}` at the front of `text`: its paths, and its length.
fn tree(text: &str) -> (Vec<Vec<String>>, usize) {
    let mut at = text.len() - text.trim_start().len();
    let mut stem = Vec::new();
    loop {
        let rest = &text[at..];
        if let Some(group) = rest.strip_prefix('{') {
            let (members, len) = group_of(group);
            let joined = members.into_iter().map(|member| stem.iter().cloned().chain(member).collect());
            return (joined.collect(), at + 1 + len);
        }
        let word = if rest.starts_with('*') { "*" } else { leading_word(rest) };
        if !word.is_empty() {
            stem.push(word.to_owned());
            at += word.len();
        }
        match text[at..].strip_prefix("::") {
            Some(next) => at += 2 + (next.len() - next.trim_start().len()),
            None => return (vec![stem], at),
        }
        if text[at..].starts_with('<') {
            return (vec![stem], at);
        }
    }
}

/// The members of a group up to its closing brace, and the length with it.
fn group_of(text: &str) -> (Vec<Vec<String>>, usize) {
    let (mut members, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let next = text[at..].chars().next().expect("there is text left");
        match next {
            '}' => return (members, at + 1),
            c if is_word(c) || c == '{' || c == '*' => {
                let (found, len) = tree(&text[at..]);
                members.extend(found);
                at += len;
                let tail = text[at..].find([',', '}']).unwrap_or(0);
                at += tail;
            }
            c => at += c.len_utf8(),
        }
    }
    (members, at)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn leading_word(text: &str) -> &str {
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

/// The length of the item at the front of `code`: to its `;` or to the brace that closes it.
fn item_len(code: &str) -> usize {
    // Brackets other than braces, so that the `;` of an array's type does not end the item.
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => brackets += 1,
            ')' | ']' => brackets = brackets.saturating_sub(1),
            '{' => braces += 1,
            '}' if braces <= 1 => return at + 1,
            '}' => braces -= 1,
            ';' if braces == 0 && brackets == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Takes a file apart into code and comments. Where the one is, the other has nothing; both keep the line breaks.
fn split(text: &str) -> (String, String) {
    let (mut code, mut comments) = (String::new(), String::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let len = if rest.starts_with("//") {
            let len = rest.find('\n').unwrap_or(rest.len());
            comments.push_str(&rest[..len]);
            len
        } else if rest.starts_with("/*") {
            let len = block_comment_len(rest);
            comments.push_str(&rest[..len]);
            code.extend(rest[..len].matches('\n'));
            len
        } else if let Some(len) = literal_len(rest, code.chars().next_back()) {
            code.push_str("\"\"");
            code.extend(rest[..len].matches('\n'));
            comments.extend(rest[..len].matches('\n'));
            len
        } else {
            code.push(c);
            if c == '\n' {
                comments.push(c);
            }
            c.len_utf8()
        };
        rest = &rest[len..];
    }
    (code, comments)
}

fn block_comment_len(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let step = if rest.starts_with("/*") {
            depth += 1;
            2
        } else if rest.starts_with("*/") {
            depth -= 1;
            2
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of the string or character at the front of `text`, if there is one.
fn literal_len(text: &str, before: Option<char>) -> Option<usize> {
    if text.starts_with('"') {
        return Some(quoted_len(text, '"'));
    }
    if text.starts_with('\'') {
        // A lifetime has no closing quote behind its first character.
        let mut chars = text.chars().skip(1);
        let (first, second) = (chars.next()?, chars.next()?);
        return (first == '\\' || second == '\'').then(|| quoted_len(text, '\''));
    }
    if before.is_some_and(is_word) {
        return None;
    }
    let prefix = ["br", "cr", "r", "b", "c"].into_iter().find(|prefix| text.starts_with(prefix))?;
    let rest = &text[prefix.len()..];
    if !prefix.ends_with('r') {
        return rest.starts_with('"').then(|| prefix.len() + quoted_len(rest, '"'));
    }
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let close = format!("\"{}", "#".repeat(hashes));
    let body = rest[hashes..].strip_prefix('"')?;
    Some(prefix.len() + hashes + 1 + body.find(&close)? + close.len())
}

fn quoted_len(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{Path, Source, paths};

    fn path(inside: &[&str], path: &str) -> Path {
        let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        Path { segments: owned(&path.split("::").collect::<Vec<_>>()), inside: owned(inside) }
    }

    #[test]
    fn code_and_comments_are_told_apart() {
        let text =
            "let a = \"// no\"; // yes 'x\nlet b = '\"'; /* two /* deep */\nlines */ let c: &'a str = r#\"/* \" \"#;\n";
        let source = Source::new("a.rs", text);
        assert_eq!(source.code, "let a = \"\"; \nlet b = \"\"; \n let c: &'a str = \"\";\n");
        assert_eq!(source.comments, "// yes 'x\n/* two /* deep */\nlines */\n");
    }

    #[test]
    fn escapes_and_raw_names_end_no_string_early() {
        let source = Source::new("a.rs", "(\"a\\\\\", b\"\\\"x\", '\\'', r#type, br\"\\\", 'a')");
        assert_eq!(source.code, "(\"\", \"\", \"\", r#type, \"\", \"\")");
    }

    #[test]
    fn tests_are_left_out() {
        let text =
            "a\n#[cfg(test)]\nfn t() -> [u8; 2] { if x { y } }\nb\n#[cfg(test)]\nmod m;\nc\n#[cfg(test)]\nmod n { d }";
        let source = Source::new("a.rs", text);
        assert_eq!(source.code_without_tests().split_whitespace().collect::<String>(), "abc");
        assert_eq!(source.test_modules(), ["m"]);
    }

    #[test]
    fn paths_are_found_in_groups_and_in_modules() {
        let code = "use crate::{a::X, b::{self, C as D}};\nmod m {\n use super::Y; fn f() { super::g::h(); } }
            z::<A>(std::u8::MAX);";
        let expected = [
            path(&[], "crate::a::X"),
            path(&[], "crate::b::self"),
            path(&[], "crate::b::C"),
            path(&["m"], "super::Y"),
            path(&["m"], "super::g::h"),
            path(&[], "z"),
            path(&[], "std::u8::MAX"),
        ];
        assert_eq!(paths(code), expected);
    }
}
