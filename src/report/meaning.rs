use filigrane_verdict::Language;

/// What a number or a name in a report means, in words; with its place in the list, which is unique. None where the name says
/// it all.
pub(crate) fn meaning(name: &str, t: Language) -> Option<(usize, &'static str)> {
    let all = [
        (t.say("Verdict"), t.say("The answer in the program's own word, the same in every language and every report.")),
        (t.say("Confidence"), t.say("How surely chance is excluded as the source of this finding. It says nothing of whether a signer tells the truth, and does not exclude somebody who set out to deceive.")),
        (t.say("Origin, as the manifest says"), t.say("What the signer states. The signature shows that they said it, not that it is so.")),
        (t.say("Signer"), t.say("The organisation or person named in the certificate that signed.")),
        (t.say("Trusted by"), t.say("On whose word the signer is trusted: your own list, or a published one with its day.")),
        (t.say("Time according to"), t.say("A time-stamping authority confirms a time independently; without one, the signer can state any.")),
        (t.say("Manifest"), t.say("The name of the signed statement about the video: a number that nobody else uses.")),
        (t.say("Payload"), t.say("The 64 bits that the mark carries: the beginning of the name of a manifest.")),
        (t.say("Chance of a false alarm"), t.say("How often a video without a mark would give so strong a finding, by chance alone.")),
        (t.say("Marked span"), t.say("From when to when the mark was seen. Outside of it, footage may come from elsewhere.")),
        (t.say("Picture since marking"), t.say("How the picture was scaled, turned, mirrored or moved since it was marked, as the mark itself shows it.")),
        (t.say("Found through"), t.say("What led to the registered manifest: the bits of the mark, or the likeness of the pictures alone.")),
        (t.say("Fingerprint distance"), t.say("How far the pictures are from the registered ones, in bits of 64. Below about 10 they look the same; unrelated pictures differ in about 32.")),
        (t.say("Its signature"), t.say("Whether the registered manifest is signed, and by somebody who is trusted.")),
        (t.say("SHA-256"), t.say("A checksum of every byte of the file. Another file with the same one does not exist in practice.")),
        (t.say("total"), t.say("Seconds from opening the file to the verdict, on the machine that checked it.")),
    ];
    all.into_iter()
        .enumerate()
        .find(|(_, (known, _))| *known == name)
        .map(|(number, (_, words))| (number, words))
}
