-- In which database and table a range's log lay when it was last published: a restored dump lies in others.
ALTER TABLE streaming_relay ADD COLUMN lies_in text;
