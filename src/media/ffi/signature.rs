use std::ffi::CStr;
use std::ptr;

use super::{Code, Ratio, VideoFrame, c};

/// FFmpeg's filter for MPEG-7 video signatures, behind a turn that players make. It writes its file when it ends.
pub(crate) struct SignatureFilter {
    graph: *mut c::AVFilterGraph,
    source: *mut c::AVFilterContext,
    sink: *mut c::AVFilterContext,
    /// Takes what comes out of the filter, which is not looked at.
    passed: VideoFrame,
}

// SAFETY: the graph is owned, has no ties to a thread, and runs on the caller's.
unsafe impl Send for SignatureFilter {}

/// Filters that turn a picture clockwise, in quarters.
const TURNS: [&[(&CStr, &CStr)]; 4] = [
    &[],
    &[(c"transpose", c"dir=clock")],
    &[(c"hflip", c""), (c"vflip", c"")],
    &[(c"transpose", c"dir=cclock")],
];

impl SignatureFilter {
    /// A filter for pictures like `first`, turned clockwise by some quarters, that will write to `path`.
    ///
    /// # Errors
    /// This FFmpeg was built without the filter, or refuses pictures of this form.
    pub(crate) fn open(first: &VideoFrame, quarters: usize, path: &CStr) -> Result<Self, Code> {
        let mut filter = Self {
            // SAFETY: returns an owned graph or null.
            graph: unsafe { c::avfilter_graph_alloc() },
            source: ptr::null_mut(),
            sink: ptr::null_mut(),
            passed: VideoFrame::new()?,
        };
        // SAFETY: owned, if it is there.
        let graph = unsafe { filter.graph.as_mut() }.ok_or(Code::NO_MEMORY)?;
        graph.nb_threads = 1;
        filter.source = filter.add(c"buffer")?;
        filter.describe(first)?;
        filter.start(filter.source, c"")?;
        let mut last = filter.source;
        for (name, options) in TURNS.get(quarters).copied().unwrap_or_default() {
            let turn = filter.add(name)?;
            filter.start(turn, options)?;
            last = link(last, turn)?;
        }
        let signature = filter.add(c"signature")?;
        // Set by itself: in a list of options the path would have to be escaped.
        // SAFETY: the context is the graph's; both texts end with a zero byte.
        let set = unsafe {
            c::av_opt_set(signature.cast(), c"filename".as_ptr(), path.as_ptr(), c::AV_OPT_SEARCH_CHILDREN)
        };
        Code::check(set)?;
        filter.start(signature, c"")?;
        last = link(last, signature)?;
        filter.sink = filter.add(c"buffersink")?;
        filter.start(filter.sink, c"")?;
        link(last, filter.sink)?;
        // SAFETY: owned.
        Code::check(unsafe { c::avfilter_graph_config(filter.graph, ptr::null_mut()) })?;
        Ok(filter)
    }

    /// Takes in a picture of the first one's size and format.
    pub(crate) fn push(&mut self, picture: &VideoFrame, number: i64) -> Result<(), Code> {
        let mut shared = picture.shared()?;
        shared.set_pts(number);
        // SAFETY: the source is the graph's; it takes over what the frame refers to.
        Code::check(unsafe { c::av_buffersrc_add_frame_flags(self.source, shared.raw(), 0) })?;
        self.drain(Code::AGAIN)
    }

    /// Ends the clip and has the file written.
    pub(crate) fn finish(mut self) -> Result<(), Code> {
        // SAFETY: the source is the graph's; null is the end.
        Code::check(unsafe { c::av_buffersrc_add_frame_flags(self.source, ptr::null_mut(), 0) })?;
        self.drain(Code::END)
    }

    fn drain(&mut self, until: Code) -> Result<(), Code> {
        loop {
            // SAFETY: the sink is the graph's, the frame is owned.
            let taken = Code::check(unsafe { c::av_buffersink_get_frame(self.sink, self.passed.raw()) });
            // SAFETY: owned.
            unsafe { c::av_frame_unref(self.passed.raw()) };
            match taken {
                Ok(_) => {}
                Err(code) if code == until => return Ok(()),
                Err(code) => return Err(code),
            }
        }
    }

    fn add(&self, name: &CStr) -> Result<*mut c::AVFilterContext, Code> {
        // SAFETY: the name ends with a zero byte; filters are static.
        let kind = unsafe { c::avfilter_get_by_name(name.as_ptr()) };
        if kind.is_null() {
            return Err(Code::NO_FILTER);
        }
        // SAFETY: the graph is owned and owns what it gives.
        let context = unsafe { c::avfilter_graph_alloc_filter(self.graph, kind, name.as_ptr()) };
        if context.is_null() { Err(Code::NO_MEMORY) } else { Ok(context) }
    }

    /// Tells the source what pictures will come.
    fn describe(&self, first: &VideoFrame) -> Result<(), Code> {
        let fields = first.fields();
        // SAFETY: the parameters are owned here and freed once; the source copies them.
        unsafe {
            let parameters = c::av_buffersrc_parameters_alloc();
            let Some(given) = parameters.as_mut() else { return Err(Code::NO_MEMORY) };
            (given.format, given.width, given.height) = (fields.format, fields.width, fields.height);
            given.time_base = Ratio { num: 1, den: 1 }.into();
            let set = c::av_buffersrc_parameters_set(self.source, parameters);
            c::av_free(parameters.cast());
            Code::check(set).map(drop)
        }
    }

    fn start(&self, filter: *mut c::AVFilterContext, options: &CStr) -> Result<(), Code> {
        // SAFETY: the context is the graph's; the text ends with a zero byte.
        Code::check(unsafe { c::avfilter_init_str(filter, options.as_ptr()) }).map(drop)
    }
}

fn link(from: *mut c::AVFilterContext, to: *mut c::AVFilterContext) -> Result<*mut c::AVFilterContext, Code> {
    // SAFETY: both are contexts of one graph, with a pad of this number each or an error.
    Code::check(unsafe { c::avfilter_link(from, 0, to, 0) })?;
    Ok(to)
}

impl Drop for SignatureFilter {
    fn drop(&mut self) {
        // SAFETY: owned or null, and not used again.
        unsafe { c::avfilter_graph_free(&raw mut self.graph) }
    }
}
