use std::io::SeekFrom;
use std::path::Path as FilePath;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use filigrane_archive::{Clip, Kind};
use filigrane_report::{Original, Sample};
use filigrane_verdict::{Report, visible};
use futures_util::{Stream, stream};
use http_body_util::StreamBody;
use http_range_header::parse_range_header;
use hyper::body::Frame;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use crate::clips::known;
use crate::pages::language_of;
use crate::problem::Problem;
use crate::state::State;
use crate::{Scope, Stamped};

/// The registered picture, in the folder of a clip.
pub(crate) const ORIGINAL: &str = "original";
/// Most pictures of one video.
const MOST_FRAMES: usize = 64;
/// Bytes of a video in memory at a time, for each caller.
const PIECE: usize = 128 << 10;
/// Nothing that a video or a picture brings along runs or is loaded.
const BARE: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// The answer for a video as the command line gives it.
pub(crate) async fn json(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Read).await?.0;
    let text = filigrane_report::json(&[report(&clip)?]);
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// The manifests of a video as crJSON.
pub(crate) async fn crjson(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Read).await?.0;
    report(&clip)?;
    match manifests(&state, &clip).await? {
        Some(text) => Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response()),
        None => Err(Problem::new(StatusCode::NOT_FOUND, "the video carries no manifest")),
    }
}

/// The report on a video as one signed page that needs nothing else.
pub(crate) async fn html(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Read).await?.0;
    let report = report(&clip)?;
    let samples = samples(&state, &clip, &report).await?;
    let original = registered(&state, &clip).await?;
    let language = language_of(&headers);
    let newsroom = Arc::clone(state.newsroom()?);
    let sealed = tokio::task::spawn_blocking(move || {
        let now = OffsetDateTime::now_utc().truncate_to_second().format(&Rfc3339).unwrap_or_default();
        let (original, version) = (original.as_ref(), newsroom.desk.version());
        let page = filigrane_report::html_in(&report, &samples, original, &now, version, language);
        newsroom.desk.seal(page)
    });
    let page = sealed.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
    let name = format!("inline; filename=\"filigrane-{}.html\"", clip.id);
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CONTENT_SECURITY_POLICY, filigrane_report::policy()),
    ];
    Ok((headers, page).into_response())
}

/// The video itself, whole or in parts.
pub(crate) async fn video(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Read).await?.0;
    let path = state.newsroom()?.archive.video(clip.id);
    let media = media_type(&path).await?;
    serve(&path, media, &headers).await
}

/// What came of stamping a video.
pub(crate) async fn stamped(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Stamp).await?.0;
    let made = written(&clip).ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "nothing was stamped"))?;
    let path = state.newsroom()?.archive.folder(clip.id).join(format!("stamped.{}", made.extension));
    let media = media_type(&path).await?;
    let mut response = serve(&path, media, &headers).await?;
    let stem: String =
        clip.name.chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
    let name = format!("attachment; filename=\"{stem}-stamped.{}\"", made.extension);
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// One of the pictures that were taken out of a video.
pub(crate) async fn frame(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Read).await?.0;
    let none = || Problem::new(StatusCode::NOT_FOUND, "there is no such picture");
    let number: usize = number.parse().map_err(|_| none())?;
    if number >= MOST_FRAMES {
        return Err(none());
    }
    let path = state.newsroom()?.archive.folder(clip.id).join(format!("frame-{number}.jpg"));
    let jpeg = tokio::fs::read(&path).await.map_err(|_| none())?;
    Ok(([(header::CONTENT_TYPE, "image/jpeg")], jpeg).into_response())
}

/// The picture that the registered manifest holds of its content.
pub(crate) async fn original(
    Extract(state): Extract<Arc<State>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let clip = known(&state, &headers, &id, Scope::Read).await?.0;
    let none = || Problem::new(StatusCode::NOT_FOUND, "no registered picture belongs to this video");
    let original = registered(&state, &clip).await?.ok_or_else(none)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(original.media_type())),
        (header::CONTENT_SECURITY_POLICY, BARE),
    ];
    Ok((headers, original.bytes().to_vec()).into_response())
}

/// The picture that the registered manifest holds, where one is kept with a video.
pub(crate) async fn registered(state: &State, clip: &Clip) -> Result<Option<Original>, Problem> {
    match tokio::fs::read(state.newsroom()?.archive.folder(clip.id).join(ORIGINAL)).await {
        Ok(bytes) => Ok(Original::of(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::internal(error)),
    }
}

/// The answer that is kept for a video.
pub(crate) fn report(clip: &Clip) -> Result<Report, Problem> {
    let answer = clip.answer.as_deref().filter(|_| clip.kind == Kind::Check);
    let none = || Problem::new(StatusCode::NOT_FOUND, "there is no report on this video yet");
    serde_json::from_str(answer.ok_or_else(none)?).map_err(Problem::internal)
}

/// What was written, where a video was stamped.
pub(crate) fn written(clip: &Clip) -> Option<Stamped> {
    let answer = clip.answer.as_deref().filter(|_| clip.kind == Kind::Stamp)?;
    serde_json::from_str(answer).ok()
}

/// The manifests of a video, where it carries some.
pub(crate) async fn manifests(state: &State, clip: &Clip) -> Result<Option<String>, Problem> {
    let path = state.newsroom()?.archive.folder(clip.id).join("manifests.json");
    match tokio::fs::read_to_string(&path).await {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::internal(error)),
    }
}

/// Times of the pictures that were taken out of a video, seconds.
pub(crate) async fn times(state: &State, clip: &Clip) -> Result<Vec<f64>, Problem> {
    let path = state.newsroom()?.archive.folder(clip.id).join("frames.json");
    let text = tokio::fs::read_to_string(&path).await.unwrap_or_default();
    let times: Vec<f64> = serde_json::from_str(&text).unwrap_or_default();
    Ok(times.into_iter().take(MOST_FRAMES).collect())
}

async fn samples(state: &State, clip: &Clip, report: &Report) -> Result<Vec<Sample>, Problem> {
    let folder = state.newsroom()?.archive.folder(clip.id);
    let mut samples = Vec::new();
    for (number, time) in times(state, clip).await?.into_iter().enumerate() {
        if let Ok(jpeg) = tokio::fs::read(folder.join(format!("frame-{number}.jpg"))).await {
            samples.push(Sample { time, jpeg, caption: strength(report, time) });
        }
    }
    Ok(samples)
}

/// How strongly the mark shows around one picture; empty where that is not known.
pub(crate) fn strength(report: &Report, time: f64) -> String {
    let around = report.watermark.timeline.iter().find(|part| (part.start..=part.end).contains(&time));
    around.map(|part| format!("{:.1} σ", part.score)).unwrap_or_default()
}

/// A file, whole or the one part that is asked for.
async fn serve(path: &FilePath, media: &'static str, headers: &HeaderMap) -> Result<Response, Problem> {
    let gone = |_| Problem::new(StatusCode::NOT_FOUND, "the video is no longer kept");
    let mut file = File::open(path).await.map_err(gone)?;
    let size = file.metadata().await.map_err(Problem::internal)?.len();
    let whole = (StatusCode::OK, 0..=size.saturating_sub(1));
    let asked = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    // What is no range asks for nothing less than the whole.
    let (status, part) = match asked.and_then(|asked| parse_range_header(asked).ok()) {
        None => whole,
        Some(asked) => match asked.validate(size).as_deref() {
            Ok([part]) => (StatusCode::PARTIAL_CONTENT, part.clone()),
            // Several parts at once may be answered with the whole.
            Ok(_) => whole,
            Err(_) => return beyond(size),
        },
    };
    let content = format!("bytes {}-{}/{size}", part.start(), part.end());
    let length = (part.end() - part.start() + 1).min(size);
    file.seek(SeekFrom::Start(*part.start())).await.map_err(Problem::internal)?;
    let mut response = (status, Body::new(StreamBody::new(pieces(file, length)))).into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    answer.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    answer.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer.insert(header::CONTENT_SECURITY_POLICY, BARE);
    if status != StatusCode::OK {
        answer.insert(header::CONTENT_RANGE, HeaderValue::from_str(&content).map_err(Problem::internal)?);
    }
    Ok(response)
}

fn beyond(size: u64) -> Result<Response, Problem> {
    let why = format!("there is no such part: the video has {size} bytes");
    let mut response = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, why).into_response();
    let whole = HeaderValue::from_str(&format!("bytes */{size}")).map_err(Problem::internal)?;
    response.headers_mut().insert(header::CONTENT_RANGE, whole);
    Ok(response)
}

/// So many bytes of a file from where it stands, a piece at a time as they are taken.
fn pieces(file: File, length: u64) -> impl Stream<Item = std::io::Result<Frame<Bytes>>> {
    stream::try_unfold((file, length), |(mut file, left)| async move {
        let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
        let read = if left == 0 { 0 } else { file.read(&mut piece).await? };
        piece.truncate(read);
        Ok((read > 0).then(|| (Frame::data(Bytes::from(piece)), (file, left - read as u64))))
    })
}

/// What a browser may take a file for, by its first bytes alone.
async fn media_type(path: &FilePath) -> Result<&'static str, Problem> {
    let mut head = [0; 12];
    let mut file = match File::open(path).await {
        Ok(file) => file,
        Err(_) => return Err(Problem::new(StatusCode::NOT_FOUND, "the video is no longer kept")),
    };
    let mut size = 0;
    while let Some(rest) = head.get_mut(size..).filter(|rest| !rest.is_empty()) {
        match file.read(rest).await {
            Ok(0) => break,
            Ok(read) => size += read,
            Err(error) => return Err(Problem::internal(visible(&error.to_string(), 200))),
        }
    }
    Ok(match head {
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "video/webm",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "video/mp4",
        _ => "application/octet-stream",
    })
}
