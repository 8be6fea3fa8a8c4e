use filigrane_provenance::*;
use filigrane_frame::*;
use std::path::Path;
fn main() {
    let mut args = std::env::args().skip(1);
    match args.next().unwrap().as_str() {
        "sign" => {
            let home = args.next().unwrap();
            let store = IdentityStore::open(&Path::new(&home).join("identities"));
            let p = Passphrase::new("p".into());
            let id = store.load("judge", &p).or_else(|_| store.create("judge", &p)).unwrap();
            std::fs::write(Path::new(&home).join("root.pem"), id.root_pem()).unwrap();
            let src = args.next().unwrap(); let dst = args.next().unwrap();
            let origin = args.next().unwrap();
            let mut c = Claim::new(uuid::Uuid::new_v4(), "judge clip", "0.1.0");
            c.origin = origin.parse().ok();
            c.watermarked = true;
            c.bindings = vec![SoftBinding{algorithm:"org.filigrane.video.1".into(), value: c.id.as_bytes()[..8].to_vec(), span: Some(Interval{start:0.0,end:1.0})}, SoftBinding{algorithm:"io.iscc.v0".into(), value: vec![1,2,3,4], span:None}];
            let t = std::time::Instant::now();
            let s = sign(Path::new(&src), Path::new(&dst), &c, &id, &Limits::default()).unwrap();
            println!("{} {} bytes sidecar={} parent={} {:?} in {:?}", s.urn, s.manifest.len(), s.sidecar, s.parent, s.notes, t.elapsed());
            if s.sidecar { std::fs::write(format!("{dst}.c2pa"), &s.manifest).unwrap(); }
        }
        _ => for path in args {
            let t = std::time::Instant::now();
            let r = read(Path::new(&path), &TrustAnchors::empty(), &Limits::default());
            match r {
                Ok(c) => println!("{path}\t{:?}\t{:?}\texpired={}\t{:?}\t{:?}\t{}\t{:?}\t{:?}", c.state, c.issuer, c.expired, c.origin, c.generator, c.codes.iter().filter(|c| !c.contains("validated") && !c.contains("match")||c.contains("mismatch")).cloned().collect::<Vec<_>>().join(","), c.explanation, t.elapsed()),
                Err(e) => println!("{path}\tERR {e} {:?}\t{:?}", e.kind(), t.elapsed()),
            }
        }
    }
}
