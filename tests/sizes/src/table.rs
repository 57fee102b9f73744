use std::fmt;

/// The figures: a row for each thing, a column for each target and level.
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<(String, Vec<u64>)>,
}

const BEGIN: &str = "<!-- sizes -->\n";
const END: &str = "<!-- end of sizes -->\n";

impl Table {
    /// The table in a text, between its marks.
    pub fn find(text: &str) -> Option<Table> {
        let (_, from) = text.split_once(BEGIN)?;
        let (lines, _) = from.split_once(END)?;
        let mut lines = lines.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
        let cells = |line: &str| line.split(" | ").map(|cell| cell.trim().to_string()).collect::<Vec<_>>();
        let columns = cells(lines.next()?).split_off(1);
        let rows = lines.skip(1).map(|line| {
            let mut cells = cells(line);
            let figures = cells.split_off(1);
            Some((
                cells.remove(0),
                figures.iter().map(|cell| cell.replace(',', "").parse().ok()).collect::<Option<_>>()?,
            ))
        });
        Some(Table { columns, rows: rows.collect::<Option<_>>()? })
    }

    /// The text with this table between its marks.
    pub fn put_into(&self, text: &str) -> Option<String> {
        let (front, from) = text.split_once(BEGIN)?;
        let (_, rest) = from.split_once(END)?;
        Some(format!("{front}{BEGIN}{self}{END}{rest}"))
    }

    /// What has grown by more than 2 % over an older table, or is not in it.
    pub fn growth(&self, old: &Table) -> Vec<String> {
        let mut found = Vec::new();
        for (name, figures) in &self.rows {
            let known = old.rows.iter().find(|(other, _)| other == name);
            for (figure, column) in figures.iter().zip(&self.columns) {
                let at = old.columns.iter().position(|other| other == column);
                match at.and_then(|at| known?.1.get(at)) {
                    None => found.push(format!("{name}, {column}: not in the table")),
                    Some(before) if *figure * 100 > before * 102 => {
                        found.push(format!(
                            "{name}, {column}: {} bytes, in the table {}",
                            grouped(*figure),
                            grouped(*before)
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
        found
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| bytes | {} |\n| --- |{}", self.columns.join(" | "), " ---: |".repeat(self.columns.len()))?;
        self.rows.iter().try_for_each(|(name, figures)| {
            let cells: Vec<String> = figures.iter().map(|figure| grouped(*figure)).collect();
            writeln!(f, "| {name} | {} |", cells.join(" | "))
        })
    }
}

/// A number with a comma before its thousands.
pub fn grouped(number: u64) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}
