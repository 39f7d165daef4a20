//! A Rust file as the rules look at it: its text, its items, and the paths and functions that it names.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{Attribute, Item, Meta};

/// One file, read.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Every path of at least two segments, in a `use`, in a macro or anywhere else.
    pub(crate) paths: Vec<Path>,
    /// The same without what is compiled for tests only.
    pub(crate) paths_without_tests: Vec<Path>,
    /// The names of all functions, in macros too.
    pub(crate) functions: Vec<String>,
    /// The identifiers and keywords.
    pub(crate) words: BTreeSet<String>,
    /// The modules that it declares for tests only: `#[cfg(test)] mod name;`.
    pub(crate) test_modules: Vec<String>,
    /// How many items it has that are neither a module nor an import, in its inline modules too.
    pub(crate) definitions: usize,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{path} is not Rust: {error}"));
        let parsed = syn::parse2::<syn::File>(tokens.clone());
        let items = parsed.unwrap_or_else(|error| panic!("{path} is not Rust: {error}")).items;
        // What macros are given has no items, only tokens.
        let tokens: Vec<_> = tokens.into_iter().collect();
        let (mut paths, mut paths_without_tests, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
        collect_paths(&tokens, false, &[], &mut paths);
        collect_paths(&tokens, true, &[], &mut paths_without_tests);
        collect_pairs(&tokens, &mut pairs);
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            paths,
            paths_without_tests,
            functions: pairs.iter().filter(|(first, _)| first == "fn").map(|(_, name)| name.clone()).collect(),
            words: pairs.into_iter().map(|(_, word)| word).collect(),
            test_modules: test_modules(&items),
            definitions: definitions(&items),
        }
    }
}

fn test_modules(items: &[Item]) -> Vec<String> {
    let declared = items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.content.is_none() && module.attrs.iter().any(is_cfg_test) => Some(module),
        _ => None,
    });
    declared.map(|module| module.ident.to_string()).collect()
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    list.path.is_ident("cfg") && list.tokens.to_string() == "test"
}

fn definitions(items: &[Item]) -> usize {
    let defined = |item: &Item| match item {
        Item::Use(_) | Item::ExternCrate(_) => 0,
        Item::Mod(module) => module.content.as_ref().map_or(0, |(_, items)| definitions(items)),
        _ => 1,
    };
    items.iter().map(defined).sum()
}

/// A path that code names, its groups taken apart, and the inline modules around it. The first segment of a path with
/// `::` in front is empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) inside: Vec<String>,
}

/// Each word at any depth, behind the word right before it, if there is one.
fn collect_pairs(tokens: &[TokenTree], found: &mut Vec<(String, String)>) {
    let mut before = String::new();
    for token in tokens {
        let word = word(token).unwrap_or_default();
        if let TokenTree::Group(group) = token {
            collect_pairs(&inner(group), found);
        } else if !word.is_empty() {
            found.push((before, word.clone()));
        }
        before = word;
    }
}

/// Words that a path with `::` in front may stand behind.
const KEYWORDS: &[&str] =
    &["as", "break", "dyn", "else", "for", "if", "impl", "in", "match", "mut", "return", "use", "where", "while"];

fn collect_paths(tokens: &[TokenTree], skips_tests: bool, inside: &[String], found: &mut Vec<Path>) {
    let mut at = 0;
    while at < tokens.len() {
        if skips_tests && is_test_attribute(&tokens[at..]) {
            at += item_len(&tokens[at..]);
            continue;
        }
        let (paths, len) = tree(&tokens[at..]);
        if len > 0 {
            let wanted = paths.into_iter().filter(|segments| segments.len() > 1);
            found.extend(wanted.map(|segments| Path { segments, inside: inside.to_vec() }));
            at += len;
            continue;
        }
        if let TokenTree::Group(group) = &tokens[at] {
            let mut inside = inside.to_vec();
            if let [.., keyword, name] = &tokens[..at] {
                let is_module = group.delimiter() == Delimiter::Brace && word(keyword).as_deref() == Some("mod");
                inside.extend(word(name).filter(|_| is_module));
            }
            collect_paths(&inner(group), skips_tests, &inside, found);
        }
        at += 1;
    }
}

/// Reads `a::b::{c, d::e}` at the front: its paths, and how many tokens it has; none if there is no word in front.
fn tree(tokens: &[TokenTree]) -> (Vec<Vec<String>>, usize) {
    let mut stem = Vec::new();
    let mut at = 0;
    if is_separator(tokens) {
        stem.push(String::new());
        at += 2;
    }
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(name)) if !KEYWORDS.contains(&name.to_string().as_str()) => {
                stem.push(name.to_string());
            }
            Some(star) if is_punct(star, '*') && !stem.is_empty() => stem.push("*".to_owned()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace && !stem.is_empty() => {
                let members = inner(group);
                let members = members.split(|token| is_punct(token, ','));
                let ends = members.flat_map(|member| match member {
                    [star] if is_punct(star, '*') => vec![vec!["*".to_owned()]],
                    _ => tree(member).0,
                });
                return (ends.map(|end| stem.iter().cloned().chain(end).collect()).collect(), at + 1);
            }
            _ => return (vec![stem], at),
        }
        at += 1;
        if !is_separator(&tokens[at..]) {
            return (vec![stem], at);
        }
        at += 2;
    }
}

fn is_separator(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [first, second, ..] if is_punct(first, ':') && is_punct(second, ':'))
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// Whether `#[cfg(test)]` is in front.
fn is_test_attribute(tokens: &[TokenTree]) -> bool {
    let [TokenTree::Punct(hash), TokenTree::Group(group), ..] = tokens else { return false };
    hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket && group.stream().to_string() == "cfg (test)"
}

/// The length of the item in front: to its `;` or its braces.
fn item_len(tokens: &[TokenTree]) -> usize {
    let is_end = |token: &TokenTree| match token {
        TokenTree::Punct(end) => end.as_char() == ';',
        TokenTree::Group(body) => body.delimiter() == Delimiter::Brace,
        _ => false,
    };
    tokens.iter().position(is_end).map_or(tokens.len(), |last| last + 1)
}

fn inner(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

fn word(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, Source};

    fn path(inside: &[&str], path: &str) -> Path {
        let owned = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        Path { segments: owned(&path.split("::").collect::<Vec<_>>()), inside: owned(inside) }
    }

    #[test]
    fn comments_and_strings_are_no_code() {
        let source = Source::new("a.rs", "//! crate::a\nfn f() -> &'static str { /* b::c */ r#\"d::e\"# } // fn g()");
        assert_eq!((source.paths, source.functions), (vec![], vec!["f".to_owned()]));
    }

    #[test]
    fn tests_are_left_out() {
        let text = "use a::b;\n#[cfg(test)]\nfn t() -> [u8; 2] { c::d() }\nuse e::f;
            #[cfg(test)]\nmod m;\n#[cfg(test)]\nmod n { use g::h; }";
        let source = Source::new("a.rs", text);
        assert_eq!(source.paths_without_tests, [path(&[], "a::b"), path(&[], "e::f")]);
        assert_eq!(source.paths.len(), 4);
        assert_eq!(source.test_modules, ["m"]);
    }

    #[test]
    fn functions_in_macros_are_found() {
        let source = Source::new("a.rs", "proptest! { #[test] fn c1_holds(a in 0..9) { b(); } }");
        assert_eq!(source.functions, ["c1_holds"]);
    }

    #[test]
    fn paths_are_found_in_groups_in_modules_and_in_macros() {
        let code =
            "use crate::{a::X, b::{self, C as D}};\nuse ::e::F;\nmod m {\n use super::Y; fn f() { super::g::h(); } }
            fn k() { z::<A>(std::u8::MAX); assert!(crate::p::q(), \"{}\", <u8 as r::S>::t()); }";
        let expected = [
            path(&[], "crate::a::X"),
            path(&[], "crate::b::self"),
            path(&[], "crate::b::C"),
            path(&[], "::e::F"),
            path(&["m"], "super::Y"),
            path(&["m"], "super::g::h"),
            path(&[], "std::u8::MAX"),
            path(&[], "crate::p::q"),
            path(&[], "r::S"),
            path(&[], "::t"),
        ];
        assert_eq!(Source::new("a.rs", code).paths, expected);
    }
}
