use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use serde_json::Value;

use crate::Error;
use crate::results::LONGEST_LINE;

/// Lines in a group of rows: what is kept in memory at once.
const GROUP: usize = 10_000;
/// Most bytes of lines in a group.
const GROUP_BYTES: u64 = 256 << 20;

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Integer,
    Real,
    Flag,
}

/// Name, place in the JSON document, kind. All may be null.
const COLUMNS: [(&str, &str, Kind); 35] = [
    ("file", "/file", Kind::Text),
    ("sha256", "/sha256", Kind::Text),
    ("bytes", "/bytes", Kind::Integer),
    ("verdict", "/verdict/code", Kind::Text),
    ("origin", "/verdict/origin", Kind::Text),
    ("confidence", "/verdict/confidence", Kind::Real),
    ("summary", "/verdict/summary", Kind::Text),
    ("container", "/media/container", Kind::Text),
    ("video", "/media/video", Kind::Text),
    ("width", "/media/width", Kind::Integer),
    ("height", "/media/height", Kind::Integer),
    ("fps", "/media/fps", Kind::Real),
    ("frames", "/media/frames", Kind::Integer),
    ("duration_s", "/media/duration", Kind::Real),
    ("audio", "/media/audio", Kind::Text),
    ("credentials", "/credentials/state", Kind::Text),
    ("issuer", "/credentials/issuer", Kind::Text),
    ("signed_at", "/credentials/signed_at", Kind::Text),
    ("manifest", "/credentials/manifest", Kind::Text),
    ("watermark", "/watermark/state", Kind::Text),
    ("payload", "/watermark/payload", Kind::Text),
    ("log10_p", "/watermark/log10_p", Kind::Real),
    ("registry", "/registry/state", Kind::Text),
    ("registered", "/registry/manifest", Kind::Text),
    ("via", "/registry/via", Kind::Text),
    ("distance", "/registry/distance", Kind::Real),
    ("classifier", "/classifier/state", Kind::Text),
    ("generated", "/classifier/generated", Kind::Real),
    ("generated_low", "/classifier/low", Kind::Real),
    ("generated_high", "/classifier/high", Kind::Real),
    ("abstained", "/classifier/abstained", Kind::Flag),
    ("depth", "/depth", Kind::Text),
    ("total_s", "/timing/total_s", Kind::Real),
    ("errors", "/errors", Kind::Text),
    // The whole answer: what has no column is here.
    ("report", "", Kind::Text),
];

/// Writes the lines of a results file as a Parquet table, a row each, in their order; it stands under its name when it is whole.
///
/// # Errors
/// The lines can't be read, or the table can't be written.
pub fn tabulate(lines: &Path, table: &Path) -> Result<(), Error> {
    let read = File::open(lines).map_err(Error::io(lines))?;
    let folder = table.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let hidden =
        tempfile::Builder::new().prefix(".filigrane-").tempfile_in(folder).map_err(Error::io(table))?;
    let wrong = |error: ParquetError| Error::io(table)(io::Error::other(error));
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let schema = parse_message_type(&schema()).map_err(wrong)?;
    let mut writer =
        SerializedFileWriter::new(hidden.as_file(), Arc::new(schema), Arc::new(properties)).map_err(wrong)?;
    let mut reader = BufReader::new(read);
    let (mut number, mut all) = (0, false);
    while !all {
        let (mut rows, mut bytes) = (Vec::new(), 0);
        while rows.len() < GROUP && bytes < GROUP_BYTES {
            let mut line = String::new();
            reader.by_ref().take(LONGEST_LINE).read_line(&mut line).map_err(Error::io(lines))?;
            if line.is_empty() {
                all = true;
                break;
            }
            number += 1;
            let foreign = || Error::Foreign { path: lines.to_owned(), line: number };
            let document: Value = serde_json::from_str(&line).map_err(|_| foreign())?;
            bytes += line.len() as u64;
            rows.push((line.trim_end().to_owned(), document));
        }
        if !rows.is_empty() {
            group(&mut writer, &rows).map_err(wrong)?;
        }
    }
    writer.close().map_err(wrong)?;
    hidden.as_file().sync_all().map_err(Error::io(table))?;
    hidden.persist(table).map_err(|error| Error::io(table)(error.error))?;
    Ok(())
}

fn schema() -> String {
    let columns = COLUMNS.map(|(name, _, kind)| match kind {
        Kind::Text => format!("OPTIONAL BYTE_ARRAY {name} (STRING);"),
        Kind::Integer => format!("OPTIONAL INT64 {name};"),
        Kind::Real => format!("OPTIONAL DOUBLE {name};"),
        Kind::Flag => format!("OPTIONAL BOOLEAN {name};"),
    });
    format!("message report {{ {} }}", columns.concat())
}

fn group(writer: &mut SerializedFileWriter<&File>, rows: &[(String, Value)]) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for (_, pointer, kind) in COLUMNS {
        let Some(mut column) = group.next_column()? else { break };
        let cells = rows.iter().map(|(_, document)| document.pointer(pointer));
        match kind {
            Kind::Text => {
                let texts = rows.iter().zip(cells).map(|((line, _), cell)| match (pointer, cell) {
                    ("", _) => Some(ByteArray::from(line.as_str())),
                    (_, Some(Value::String(text))) => Some(ByteArray::from(text.as_str())),
                    (_, Some(Value::Array(lines))) if !lines.is_empty() => {
                        let lines: Vec<_> = lines.iter().filter_map(Value::as_str).collect();
                        Some(ByteArray::from(lines.join("\n").as_str()))
                    }
                    _ => None,
                });
                fill::<ByteArrayType>(&mut column, texts)?;
            }
            Kind::Integer => fill::<Int64Type>(&mut column, cells.map(|cell| cell?.as_i64()))?,
            Kind::Real => fill::<DoubleType>(&mut column, cells.map(|cell| cell?.as_f64()))?,
            Kind::Flag => fill::<BoolType>(&mut column, cells.map(|cell| cell?.as_bool()))?,
        }
        column.close()?;
    }
    group.close().map(drop)
}

fn fill<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    cells: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    column.typed::<T>().write_batch(&values, Some(&levels), None).map(drop)
}

#[cfg(test)]
mod tests {
    use filigrane_report::json_line;
    use filigrane_verdict::Report;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;

    use super::*;

    #[test]
    fn each_line_is_a_row_and_what_is_missing_is_null() {
        let folder = tempfile::tempdir().unwrap();
        let (lines, table) = (folder.path().join("lines.jsonl"), folder.path().join("table.parquet"));
        let mut first = Report::new("caf\u{e9}.mp4");
        first.bytes = Some(12);
        first.decide();
        first.timing.total_s = 0.5;
        let second = Report::unreadable("none.mp4", "no such file");
        std::fs::write(&lines, [json_line(&first), json_line(&second)].concat()).unwrap();
        tabulate(&lines, &table).unwrap();
        let reader = SerializedFileReader::new(File::open(&table).unwrap()).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        let cell = |row: usize, name: &str| {
            rows[row].get_column_iter().find(|(column, _)| *column == name).unwrap().1.clone()
        };
        assert_eq!(rows.len(), 2);
        assert_eq!(cell(0, "file"), Field::Str("caf\u{e9}.mp4".to_owned()));
        assert_eq!(cell(0, "bytes"), Field::Long(12));
        assert_eq!(cell(0, "total_s"), Field::Double(0.5));
        assert_eq!(cell(0, "verdict"), Field::Str("inconclusive".to_owned()));
        assert_eq!((cell(1, "verdict"), cell(1, "bytes")), (Field::Null, Field::Null));
        assert_eq!(cell(1, "errors"), Field::Str("no such file".to_owned()));
        assert_eq!(cell(1, "report"), Field::Str(json_line(&second).trim_end().to_owned()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside");
    }

    #[test]
    fn every_column_is_a_place_of_a_report() {
        let known = serde_json::to_value(Report::new("a")).unwrap();
        for (name, pointer, _) in COLUMNS {
            let top = pointer.split('/').nth(1).unwrap_or_default();
            assert!(pointer.is_empty() || known.get(top).is_some(), "{name} stands nowhere");
        }
    }

    #[test]
    fn lines_of_something_else_are_refused_and_leave_no_table() {
        let folder = tempfile::tempdir().unwrap();
        let (lines, table) = (folder.path().join("lines.jsonl"), folder.path().join("table.parquet"));
        std::fs::write(&lines, "{\"schema\":1}\nno JSON\n").unwrap();
        let error = tabulate(&lines, &table).unwrap_err();
        assert!(matches!(error, Error::Foreign { line: 2, .. }), "{error}");
        assert!(!table.exists());
    }
}
