//! Speed of the content search on one core: the literal filter alone and the whole search, for about 300 patterns.
//!
//! `cargo bench --bench search`. `FG_TREE=DIRECTORY` adds the files below a directory, at most 300 MB of them.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![expect(
    clippy::disallowed_methods,
    reason = "a benchmark is told by its environment what to read"
)]
#![expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]

use factory_gate::search::{Desk, Pattern, Searcher, Syntax};
use std::path::Path;
use std::time::Instant;

/// What credentials begin with and what stands before them; `~`: in either case.
const LITERALS: &str = "
    -----BEGIN .apps.googleusercontent.com 1//0 A3T ABIA ACCA AGE-SECRET-KEY-1 AIza AKCp AKIA ASIA ATATT3
    AccountKey= CCIPAT_ CLOJARS_ DefaultEndpointsProtocol EAAA EZAK EZTK FLWSECK FlyV1 GOCSPX- HRKU- LTAI NF-
    NRAK- NRJS- PMAK- PuTTY-User-Key-File SG. SharedAccessKey= T3BlbkFJ _mmk amqp:// amzn.mws. atlasv1.
    aws_session bkua_ da2- dapi dckr_pat_ dnkey- doo_v1_ dop_v1_ dor_v1_ dp.pt. dp.st. dt0c01. duffel_ eyJ figd_
    fio-u- firebaseio.com fo1_ ftp:// fw_ ghe_ gho_ ghp_ ghr_ ghs_ ghu_ github_pat_ glagent- glc_ gldt- glft-
    glimt- glpat- glptt- glrt- glsa_ glsoat- gsk_ hf_ hooks.slack.com hvb. hvs. ico- lin_api_ mongodb+srv://
    mysql:// nfp_ npm_ openssh-key oy2 p8e- pat-na1- pat. pcsk_ pk.eyJ pnu_ postgres:// postgresql:// pplx-
    private_key_id pscale_oauth_ pscale_pw_ pscale_tkn_ pul- pypi-AgEIcHlwaS5vcmc r8_ rdme_ redis:// rk_live_
    rk_test_ rnd_ rubygems_ sbp_ sendinblue service_account sgp_ sha256~ shippo_live_ shpat_ shpca_ shppa_ shpss_
    sk-ant- sk-proj- sk.eyJ sk_live_ sk_test_ sm_aat_ sntrys_ sntryu_ sq0atp- sq0csp- sqa_ sqp_ ssh-ed25519
    ssh-rsa tfp_ tk-us- tskey- vault:v1: webhook.office.com xapp- xkeysib- xoxa- xoxb- xoxp- xoxr- xoxs- y0_ ya29.
    ~AQVN ~access_key ~accesskey ~adafruit ~adobe ~airtable ~algolia ~alibaba ~api-key ~api_key ~apikey
    ~artifactory ~asana ~atlassian ~auth0 ~auth_token ~authorization ~aws_secret ~azure ~beamer ~bearer ~bitbucket
    ~bittrex ~buildkite ~circleci ~cisco ~client_secret ~clientsecret ~clojars ~cloudflare ~codecov ~cohere
    ~coinbase ~confluence ~connectionstring ~contentful ~credentials ~databricks ~datadog ~deepseek ~digitalocean
    ~discord ~doppler ~dropbox ~duffel ~dynatrace ~easypost ~etsy ~facebook ~fastly ~finicity ~finnhub ~fireworks
    ~flickr ~flutterwave ~flyio ~fortinet ~frame.io ~freshbooks ~gcp ~gitea ~gocardless ~grafana ~groq ~harness
    ~hashicorp ~heroku ~hubspot ~huggingface ~infracost ~intercom ~jfrog ~jira ~keystore ~kibana ~kraken ~kucoin
    ~launchdarkly ~linkedin ~lob ~mailchimp ~mailgun ~mapbox ~maxmind ~messagebird ~microsoftteams ~minio ~mistral
    ~mongodb ~neptune ~netlify ~netrc ~newrelic ~ngrok ~nightfall ~nuget ~nytimes ~octopus ~okta ~openshift
    ~passphrase ~passwd ~password ~paypal ~perplexity ~pgp ~pinecone ~plaid ~planetscale ~postman ~prefect
    ~private_key ~privateai ~privatekey ~qdrant ~railway ~rancher ~rapidapi ~replicate ~rubygems ~scalingo ~secret
    ~secret_key ~secretkey ~sendbird ~sendgrid ~sentry ~settlemint ~shippo ~shopify ~sidekiq ~snyk ~sonar
    ~sourcegraph ~splunk ~squareup ~stripe ~sumologic ~supabase ~tailscale ~telegram ~terraform ~token ~travis
    ~trello ~twilio ~twitter ~typeform ~vercel ~wandb ~weaviate ~webhook ~xai- ~yandex ~zapier ~zendesk ~zerotier
";
const WORDS: &str = "static int struct return if else for while void const char buffer length device driver register \
    status error value flags config index offset handler request response update remove create number string \
    token secret password = == ( ) { } ; , . -> + - * / & | ! 0 1 2 0x10 /* */ // # include define";
const ROUNDS: u32 = 5;
const MOST: usize = 300_000_000;

fn main() {
    let started = Instant::now();
    let searcher = Searcher::new(patterns());
    let built = started.elapsed();
    println!(
        "{} patterns, prepared in {built:.1?}",
        searcher.patterns().len()
    );
    measure("generated", &searcher, &[generated(64_000_000)]);
    let single = Pattern::lazy("ghp_[0-9A-Za-z]{36}", Syntax::default(), &["ghp_"]);
    measure(
        "generated, one pattern",
        &Searcher::new(vec![single]),
        &[generated(64_000_000)],
    );
    if let Some(tree) = std::env::var_os("FG_TREE") {
        let mut files = Vec::new();
        read(Path::new(&tree), &mut 0, &mut files);
        measure("tree", &searcher, &files);
    }
}

fn patterns() -> Vec<Pattern> {
    let pattern = |word: &str| {
        if let Some(word) = word.strip_prefix('~') {
            let syntax = Syntax {
                ignore_case: true,
                ..Syntax::default()
            };
            let source = format!(
                "{}[ \\t_a-z0-9]{{0,20}}[=:][ \\t'\"]{{0,5}}[a-z0-9_-]{{20,64}}",
                word.replace('.', "[.]")
            );
            return Pattern::lazy(&source, syntax, &[word]);
        }
        let text: String = word.chars().flat_map(|one| ['[', one, ']']).collect();
        Pattern::new(&format!("{text}[0-9A-Za-z_-]{{16,64}}"), Syntax::default())
            .unwrap_or_else(|error| panic!("{word}: {error}"))
    };
    LITERALS.split_whitespace().map(pattern).collect()
}

/// Text like source code, the same each time.
fn generated(bytes: usize) -> Vec<u8> {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut state = 1_u64;
    let mut text = Vec::with_capacity(bytes + 16);
    while text.len() < bytes {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let number = usize::try_from(state >> 40).unwrap_or_default();
        // The last words but a few are common, those before them rare.
        let word = if number % 50 == 0 {
            number / 50 % words.len()
        } else {
            number % 26
        };
        text.extend_from_slice(words[word].as_bytes());
        text.extend_from_slice(if number % 9 == 0 { b"\n\t" } else { b" " });
    }
    text
}

fn read(directory: &Path, total: &mut usize, files: &mut Vec<Vec<u8>>) {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if *total > MOST {
            return;
        }
        if path.is_dir() && !path.is_symlink() {
            read(&path, total, files);
        } else if let Ok(file) = std::fs::read(&path) {
            *total += file.len();
            files.push(file);
        }
    }
}

fn measure(name: &str, searcher: &Searcher, texts: &[Vec<u8>]) {
    let bytes: usize = texts.iter().map(Vec::len).sum();
    let best = |work: &mut dyn FnMut() -> usize| {
        let once = |_| {
            let started = Instant::now();
            let count = work();
            (started.elapsed(), count)
        };
        (0..ROUNDS).map(once).min().unwrap_or_default()
    };
    let (time, places) = best(&mut || texts.iter().map(|text| searcher.literals_met(text)).sum());
    let rate = |time: std::time::Duration| bytes as f64 / 1e9 / time.as_secs_f64();
    println!(
        "{name}: {bytes} bytes, filter {:.2} GB/s, {places} places",
        rate(time)
    );
    let mut desk = Desk::default();
    let all = 0..searcher.patterns().len();
    let (time, found) = best(&mut || {
        let search = |text: &Vec<u8>| searcher.search(text, &mut desk).among(all.clone()).len();
        texts.iter().map(search).sum()
    });
    println!("{name}: search {:.2} GB/s, {found} matches", rate(time));
}
