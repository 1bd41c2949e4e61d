//! Bodies, and what becomes of them. Compared with libmodsecurity 3.0.15.

use super::*;

const HEAD: &str = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n";

fn read(body: &str) -> Multipart {
    parse(
        b"multipart/form-data; boundary=b",
        body.as_bytes(),
        &Limits::default(),
    )
}

/// Name, file name and content of each part.
fn parts(body: &str) -> Vec<[String; 3]> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let parts = read(body).parts.into_iter();
    parts
        .map(|part| {
            let content = &body.as_bytes()[part.content];
            [text(&part.name), text(&part.file_name), text(content)]
        })
        .collect()
}

#[test]
fn parts_of_a_body() {
    let body = format!(
        "{HEAD}1\r\n2\r\n--b\r\nContent-Disposition: form-data; name=f; filename=\"x.php\"\r\n\
         Content-Type: text/plain\r\n\r\ndata\r\n--b--\r\n"
    );
    let found = read(&body);
    assert_eq!(parts(&body), [["a", "", "1\r\n2"], ["f", "x.php", "data"]]);
    assert_eq!(found.error, None);
    assert!(!found.strict_error());
    assert_eq!(found.flags.unmatched_boundary, 2);
    assert_eq!(found.file_bytes(), 4);
    assert_eq!(found.parts[1].headers[1], b"Content-Type: text/plain");
}

#[test]
fn the_final_boundary_needs_no_line_end() {
    let body = format!("{HEAD}v\r\n--b--");
    assert_eq!(parts(&body), [["a", "", "v"]]);
    assert_eq!(read(&body).error, None);
    assert_eq!(read(&body).flags.unmatched_boundary, 0);
}

#[test]
fn strange_bodies_are_flagged() {
    let flags = |body: &str| {
        let found = read(body);
        assert_eq!(found.error, None, "{body:?}");
        found.flags
    };
    assert!(flags(&format!("{HEAD}v\r\n--b--\r\n").replace("\r\n", "\n")).lf_line);
    assert!(flags(&format!("{HEAD}v\n--b--\r\n")).crlf_lf_lines());
    assert!(flags(&format!("{HEAD}v\r\n--b--\r\nx")).data_after);
    assert!(flags(&format!("x\r\n{HEAD}v\r\n--b--\r\n")).data_before);
    let folded = HEAD.replace("; name", ";\r\n name");
    assert!(flags(&format!("{folded}v\r\n--b--\r\n")).header_folding);
    let folded = HEAD.replace("; name", ";\r\n\u{b}name");
    assert!(flags(&format!("{folded}v\r\n--b--\r\n")).invalid_header_folding);
    let quoted = HEAD.replace('"', "'");
    assert!(flags(&format!("{quoted}v\r\n--b--\r\n")).invalid_quoting);
    assert_eq!(flags(&format!("{HEAD}-- v\r\n--b--")).unmatched_boundary, 1);
    assert_eq!(
        flags(&format!("{HEAD}v --b\r\n--b--")).unmatched_boundary,
        1
    );
    assert!(flags(&format!("{HEAD}--b--")).invalid_part);
}

#[test]
fn faulty_bodies_still_show_their_parts() {
    let end = "\r\n\r\nvalue\r\n--b--\r\n";
    for (head, error, name) in [
        ("X: y", Error::NoDisposition, ""),
        ("Content-Disposition: form-data", Error::NoName, ""),
        (
            "Content-Disposition: form-data; name=a; x=y",
            Error::BadDisposition(-11),
            "a",
        ),
        (
            "Content-Disposition: form-data; name=a\r\nX\u{1}y: z",
            Error::BadHeaderName,
            "a",
        ),
        (
            "Content-Disposition: form-data; name=a\r\nno colon",
            Error::NoColon,
            "a",
        ),
        (
            "Content-Disposition: form-data; name=a\r\n: x",
            Error::NoHeaderName,
            "a",
        ),
        (
            "content-disposition: form-data; name=a\r\nContent-Disposition: x",
            Error::DuplicateHeader,
            "a",
        ),
        (
            " x\r\nContent-Disposition: form-data; name=a",
            Error::Folding,
            "a",
        ),
        (
            "Content-Disposition: form-data; name=\"a\0\"",
            Error::NulInHead,
            "a\0",
        ),
    ] {
        let body = format!("--b\r\n{head}{end}");
        let found = read(&body);
        assert_eq!(found.error, Some(error), "{head}");
        assert_eq!(parts(&body), [[name, "", "value"]], "{head}");
        assert_eq!(found.parts[0].headers.len(), head.split("\r\n").count());
        assert!(found.strict_error());
    }
}

#[test]
fn bodies_without_end() {
    let found = read(&format!("{HEAD}v\r\n"));
    assert_eq!(found.error, Some(Error::NoFinalBoundary));
    assert_eq!(parts(&format!("{HEAD}v\r\n")), [["a", "", "v"]]);
    assert_eq!(read("text\r\n").error, Some(Error::NoBoundaryLine));
    assert_eq!(read("").error, None);
    let found = read(&format!("{HEAD}--b\r\n--b--\r\n"));
    assert!(found.flags.invalid_part);
    assert_eq!(
        read(&format!("{HEAD}v\r\n--bx\r\n--b--\r\n")).error,
        Some(Error::BoundaryLine)
    );
    assert_eq!(
        read(&format!("{HEAD}v\r\n-- b\r\n--b--\r\n")).error,
        Some(Error::SpacedBoundaryLine)
    );
}

#[test]
fn padded_boundaries_are_faults_and_boundaries() {
    let body = "--b \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n--b  \r\n\
                Content-Disposition: form-data; name=\"f\"; filename=\"x.php\"\r\n\r\nw\r\n--b-- ";
    for end in ["", "\r\n", "\t\n"] {
        let body = format!("{body}{end}");
        assert_eq!(
            parts(&body),
            [["a", "", "v"], ["f", "x.php", "w"]],
            "{end:?}"
        );
        assert_eq!(read(&body).error, Some(Error::BoundaryLine), "{end:?}");
    }
}

#[test]
fn bombs_end_in_time() {
    let many = HEAD.replace("\r\n\r\n", "\r\n\r\nv\r\n").repeat(20_000);
    assert_eq!(read(&many).error, Some(Error::TooMany));
    let headers = format!("--b\r\n{}", "X: y\r\n".repeat(100_000));
    let found = read(&headers);
    assert!(found.error.is_some() && found.parts.is_empty());
    let folded = format!("--b\r\nX: y\r\n{}", " z\r\n".repeat(100_000));
    assert_eq!(read(&folded).error, Some(Error::HeadLineTooLong));
    let lines = format!("{HEAD}{}", "--\r\n-b".repeat(200_000));
    assert_eq!(read(&lines).error, Some(Error::NoFinalBoundary));
}
